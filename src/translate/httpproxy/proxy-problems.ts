import { ingressRouteField } from "#resources/ingressroute-conversion.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { Verdict } from "../verdict.ts";

/** Contour's types of what is wrong with an HTTPProxy: `Valid`'s errors and warnings are grouped by them. */
export type ProxyProblemType =
  | "AuthError"
  | "CORSError"
  | "IPFilterError"
  | "IncludeError"
  | "JWTVerificationError"
  | "Orphaned"
  | "PrefixReplaceError"
  | "RootNamespaceError"
  | "RouteError"
  | "ServiceError"
  | "SpecError"
  | "TCPProxyError"
  | "TCPProxyIncludeError"
  | "TLSError"
  | "VirtualHostError";

/** What is said: Contour's reason, the field, what is wrong and what happens because of it, and what to do. */
export interface ProxyProblem {
  readonly type: ProxyProblemType;
  readonly reason: string;
  readonly path: string;
  readonly message: string;
  readonly fix?: string;
}

/** Collects what a virtual host's translation finds out about the proxies that it reads. */
export class ProxyProblems {
  readonly verdicts: Verdict[] = [];

  error(ref: ObjectRef, problem: ProxyProblem): void {
    this.#say(ref, "error", problem);
  }

  warn(ref: ObjectRef, problem: ProxyProblem): void {
    this.#say(ref, "warning", problem);
  }

  /** An IngressRoute is read as a proxy; what is said of it names its own fields. */
  #say(ref: ObjectRef, severity: Verdict["severity"], problem: ProxyProblem): void {
    const path = ref.kind === "IngressRoute" ? ingressRouteField(problem.path) : problem.path;
    this.verdicts.push({ ref, severity, ...problem, path });
  }
}
