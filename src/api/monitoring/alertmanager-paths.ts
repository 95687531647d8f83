/** Below these only the v2 API is open. */
const CLOSED = /^\/(api|-|debug|metrics)(\/|$)/;

/**
 * Whether a request below /alertmanager is passed on: its pages and the reading of its API v2. Silences are changed too,
 * by {@link silenceChange}; alerts come from Prometheus alone.
 */
export function mayAskAlertmanager(method: string, path: string): boolean {
  if (method !== "GET" && method !== "HEAD") return silenceChange(method, path) !== undefined;
  return /^\/api\/v2\/(alerts|alerts\/groups|receivers|silence\/[\w-]+|silences)$/.test(path) || !CLOSED.test(path);
}

/** A change of silences that Alertmanager's own pages ask for. */
export function silenceChange(method: string, path: string): "put" | "end" | undefined {
  if (method === "POST" && path === "/api/v2/silences") return "put";
  if (method === "DELETE" && /^\/api\/v2\/silence\/[\w-]+$/.test(path)) return "end";
  return undefined;
}
