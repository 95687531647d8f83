import { STATS_PREFIX } from "./stats-listener.ts";

/** What Envoy is still at for clients; scrapes and the admin interface are not counted. */
export interface Activity {
  /** HTTP requests, WebSockets and other upgrades among them, that are not finished. */
  readonly requests: number;
  /** Connections that are not HTTP: those of TCP listeners, and some that are still in their handshake. */
  readonly rawConnections: number;
}

/** RE2 over statistics' names. Each must pass the inclusion list, or {@link activity} sees nothing. */
export const ACTIVITY_FILTER = "^(http|listener)\\..+\\.downstream_(rq|cx)_active$";

const LINE = /^(http|listener)\.(.+)\.downstream_(rq|cx)_active: (\d+)$/;

/** From the admin interface's lines for {@link ACTIVITY_FILTER}; undefined when it has none, which tells nothing. */
export function activity(stats: string): Activity | undefined {
  let requests = 0;
  let http = 0;
  let all = 0;
  let seen = false;
  for (const line of stats.split("\n")) {
    const [, family, prefix = "", what, value] = LINE.exec(line) ?? [];
    if (family === undefined || isOwn(prefix)) continue;
    seen = true;
    if (family === "listener") all += Number(value);
    else if (what === "rq") requests += Number(value);
    else http += Number(value);
  }
  return seen ? { requests, rawConnections: Math.max(0, all - http) } : undefined;
}

/** Workers keep copies below their listener. */
function isOwn(prefix: string): boolean {
  return (
    /^admin(\.|$)/.test(prefix) || prefix.split(".")[0] === STATS_PREFIX || /\.(worker_\d+|main_thread)$/.test(prefix)
  );
}
