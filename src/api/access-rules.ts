/** What somebody has to be for a route to look at their request. What they see of its answer is the route's to cut. */
export type Need =
  /** Nobody in particular. */
  | "nothing"
  /** Signed in: the answer is cut to their namespaces, or is about nobody's. */
  | "signedIn"
  /** An operator of some namespace: the route looks of which. */
  | "operator"
  /** To see all namespaces: the answer does not keep them apart. */
  | "allNamespaces"
  /** An operator of all namespaces. */
  | "operatorOfAll"
  | "admin"
  /** The state directory's token itself, sent with the request. */
  | "token";

export interface AccessRule {
  /** HEAD is a GET. */
  readonly methods: readonly string[] | "any";
  /** As routes have it; a `*` at the end stands for all that follows. */
  readonly path: string;
  readonly need: Need;
}

const rule = (methods: string, path: string, need: Need): AccessRule => ({
  methods: methods === "any" ? methods : methods.split(" "),
  path,
  need,
});

/** Every route and who may ask it. The first that fits counts; what none names is for admins alone. */
export const ACCESS_RULES: readonly AccessRule[] = [
  rule("GET", "/healthz", "nothing"),
  rule("GET", "/readyz", "nothing"),
  rule("GET POST", "/sign-in", "nothing"),
  rule("POST", "/sign-out", "nothing"),

  rule("GET", "/api/v1/status", "signedIn"),
  rule("GET", "/api/v1/objects", "signedIn"),
  rule("GET", "/api/v1/objects/:kind/:namespace/:name", "signedIn"),
  rule("POST", "/api/v1/explain", "signedIn"),
  rule("POST", "/api/v1/diff", "signedIn"),
  rule("GET", "/api/v1/backends", "signedIn"),
  rule("GET", "/api/v1/backends/:name", "signedIn"),
  rule("GET", "/api/v1/backends/:name/routes", "signedIn"),
  rule("POST", "/api/v1/backends/:name/confirm", "operatorOfAll"),
  rule("POST", "/api/v1/backends/:name/remove", "operatorOfAll"),
  rule("POST", "/api/v1/backends/:name/restore", "operatorOfAll"),
  rule("GET", "/api/v1/found-services", "signedIn"),
  rule("GET", "/api/v1/traffic", "signedIn"),
  rule("GET", "/api/v1/traffic/totals", "signedIn"),
  rule("GET", "/api/v1/traffic/requests", "signedIn"),
  rule("GET", "/api/v1/traffic/sampling", "signedIn"),
  rule("GET", "/api/v1/traffic/markers", "signedIn"),
  rule("GET", "/api/v1/traffic/pins", "signedIn"),
  rule("POST", "/api/v1/traffic/pins", "operator"),
  rule("DELETE", "/api/v1/traffic/pins/:id", "operator"),
  rule("GET", "/api/v1/alerts", "signedIn"),
  rule("GET", "/api/v1/silences", "signedIn"),
  rule("POST", "/api/v1/silences", "operator"),
  rule("DELETE", "/api/v1/silences/:id", "operator"),
  rule("POST", "/api/v1/sign-in-links", "token"),

  // Read-only: every other method is answered by what it would take to change something.
  rule("any", "/k8s/*", "signedIn"),

  rule("GET", "/metrics", "allNamespaces"),
  rule("GET POST", "/prometheus/*", "allNamespaces"),
  rule("GET", "/alertmanager/*", "allNamespaces"),
  rule("POST DELETE", "/alertmanager/*", "operatorOfAll"),

  rule("GET", "/alerts/runbooks/:file", "signedIn"),
  rule("GET", "/assets/*", "signedIn"),
  rule("GET", "/", "signedIn"),
];

/** What a request needs. Paths are compared as they came: another spelling of one fits no rule. */
export function needOf(method: string, path: string, rules: readonly AccessRule[] = ACCESS_RULES): Need {
  const asked = method === "HEAD" ? "GET" : method;
  const found = rules.find((one) => (one.methods === "any" || one.methods.includes(asked)) && isPathOf(one.path, path));
  return found?.need ?? "admin";
}

function isPathOf(pattern: string, path: string): boolean {
  if (pattern.endsWith("/*")) {
    const base = pattern.slice(0, -2);
    return path === base || path.startsWith(`${base}/`);
  }
  const wanted = pattern.split("/");
  const parts = path.split("/");
  return (
    wanted.length === parts.length &&
    wanted.every((part, index) => (part.startsWith(":") ? parts[index] !== "" : part === parts[index]))
  );
}
