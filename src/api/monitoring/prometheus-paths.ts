/** What may be asked of Prometheus: reading. Of what is not named here nothing is passed on. */
const READING_APIS: readonly { readonly path: RegExp; readonly post: boolean }[] = [
  { path: /^\/api\/v1\/(query|query_range|query_exemplars|series|labels|format_query|parse_query)$/, post: true },
  { path: /^\/api\/v1\/label\/[^/]+\/values$/, post: false },
  { path: /^\/api\/v1\/(metadata|rules|alerts|alertmanagers|targets|targets\/metadata|scrape_pools)$/, post: false },
  { path: /^\/api\/v1\/status\/(buildinfo|runtimeinfo|tsdb|walreplay)$/, post: false },
  { path: /^\/api\/v1\/(features|notifications)$/, post: false },
];

/** Below these nothing but the APIs above is open: writing, deleting, profiles, every series at once. */
const CLOSED = /^\/(api|-|debug|federate|metrics|consoles|user)(\/|$)/;

/** Whether a request below /prometheus is passed on: the reading APIs, and the pages of its own console, if it has one. */
export function mayAskPrometheus(method: string, path: string): boolean {
  const api = READING_APIS.find((known) => known.path.test(path));
  if (api !== undefined) return method === "GET" || method === "HEAD" || (method === "POST" && api.post);
  return (method === "GET" || method === "HEAD") && !CLOSED.test(path);
}
