import { httpProxyStatus, type ProxyProblem } from "./httpproxy-status.ts";

/** The status of an IngressRoute as Contour 1.0 wrote it: a word, and what is wrong in one text. */
export interface IngressRouteStatus {
  readonly currentStatus: "valid" | "invalid" | "orphaned";
  readonly description: string;
}

export function ingressRouteStatus(problems: readonly ProxyProblem[]): IngressRouteStatus {
  const { currentStatus, conditions } = httpProxyStatus(problems, undefined);
  const messages = (conditions[0].errors ?? []).map(({ message }) => message);
  // Tools know Contour's own words.
  return { currentStatus, description: currentStatus === "valid" ? "valid IngressRoute" : messages.join(", ") };
}
