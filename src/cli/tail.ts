import type { RequestRow } from "#traffic/request-shown.ts";
import { formatUpstream } from "#traffic/upstream.ts";
import { type CliContext, stopCode } from "./context.ts";
import { type Ink, type Paint, paintFor } from "./ink.ts";
import type { ReachFlags } from "./reach-api.ts";
import { type FilterFlags, filterOf, trafficFeed } from "./traffic-feed.ts";

export type TailFlags = ReachFlags & FilterFlags & { readonly output: "text" | "json" };

/** `binnacle tail`: single requests as they come, failures with their reason. Says on stderr what is not shown. */
export async function tail(flags: TailFlags, context: CliContext): Promise<number> {
  const paint = paintFor(context.stdout);
  let words = "";
  let severalEnvoys = false;
  let dropped = 0;
  for await (const message of trafficFeed(
    { filter: filterOf(flags), recentRows: 20, rowsPerSecond: 200, tableRows: 1, columns: 1 },
    flags,
    context,
  )) {
    if (message.type !== "snapshot" && message.type !== "delta") continue;
    const { requests = [], sampling } = message;
    if (sampling !== undefined) severalEnvoys = sampling.envoys.length > 1;
    if (sampling !== undefined && sampling.words !== words) {
      words = sampling.words;
      if (flags.output === "text") context.stderr.write(`# ${words}\n`);
    }
    for (const row of requests)
      context.stdout.write(flags.output === "json" ? `${JSON.stringify(row)}\n` : formatRow(row, severalEnvoys, paint));
    if (message.dropped.rows > dropped && flags.output === "text") {
      context.stderr.write(
        `# ${message.dropped.rows - dropped} rows left out: more came than this view takes; narrow it with a filter\n`,
      );
    }
    dropped = message.dropped.rows;
  }
  return stopCode(context.signal);
}

/**
 * `12:00:01.123 503 UH    12ms GET shop.localhost/cart → team-shop/cart:80 10.0.0.7:8080`, and below it the reason. A status of
 * gRPC comes after it by its name, and where there are several Envoys, the one that served it in brackets. Of an upstream that took
 * over it says for whom.
 */
export function formatRow(row: RequestRow, severalEnvoys: boolean, paint: Paint): string {
  const { time, code, flags, duration, method, authority, path, endpoint, attempts, grpcStatus, why } = row;
  const grpc = grpcStatus === undefined ? "" : ` gRPC ${grpcStatus}`;
  const where = upstreamWords(row);
  const tries = attempts > 1 ? ` (${attempts} attempts)` : "";
  const ink = inkOf(row);
  const status = `${code === 0 ? "---" : String(code)} ${flags.join(",").padEnd(4)}`;
  const line = [
    paint("faint", new Date(time).toISOString().slice(11, 23)),
    ink === undefined ? status : paint(ink, status),
    `${Math.round(duration)}ms`.padStart(7),
    `${method} ${authority}${path}${where}${endpoint === undefined ? "" : ` ${endpoint}`}${tries}${grpc}${severalEnvoys ? ` [${row.envoy}]` : ""}`,
  ].join(" ");
  if (why === undefined) return `${line}\n`;
  return `${line}\n             ${why.summary}\n             ${paint("faint", `→ ${why.nextStep}`)}\n`;
}

function upstreamWords({ upstream, fallback }: RequestRow): string {
  if (upstream === undefined) return "";
  if (fallback === undefined) return ` → ${formatUpstream(upstream)}`;
  return ` → ${formatUpstream(fallback)} (for ${formatUpstream(upstream)})`;
}

function inkOf({ code }: RequestRow): Ink | undefined {
  if (code === 0 || code >= 500) return "bad";
  return code >= 400 ? "poor" : undefined;
}
