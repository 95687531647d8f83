import type { ProxyRoute, ProxyVirtualHost } from "#resources/httpproxy.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { IrJwtProvider, IrJwtRequirement } from "../ir-jwt.ts";
import type { TranslateSettings } from "../settings.ts";
import type { Fact, Reader, UnitItem } from "../unit.ts";
import { keySource } from "./jwks.ts";
import type { ProxyProblems } from "./proxy-problems.ts";

/** The tokens that a host takes. */
export interface HostJwt {
  /** None where something is wrong: the chain stays, and lets nobody pass until its routes are closed, too. */
  readonly providers: readonly IrJwtProvider[];
  /** What its routes may name, of wrong providers, too. */
  readonly names: ReadonlySet<string>;
  /** For every route that says nothing of its own. */
  readonly byDefault: IrJwtRequirement | undefined;
  /** What the keys are fetched from. */
  readonly items: readonly UnitItem[];
  readonly facts: readonly Fact[];
  /** Something is wrong, and nobody may pass. */
  readonly closed: boolean;
}

/** Undefined: the host asks for no tokens. */
export function hostJwt(
  ref: ObjectRef,
  { fqdn, tls, jwtProviders }: ProxyVirtualHost,
  settings: TranslateSettings,
  read: Reader,
  problems: ProxyProblems,
): HostJwt | undefined {
  if (jwtProviders.length === 0) return undefined;
  const names = new Set<string>();
  const providers: IrJwtProvider[] = [];
  const items: UnitItem[] = [];
  const facts: Fact[] = [];
  let closed = false;
  const close = (reason: string, path: string, problem: string, fix: string): void => {
    closed = true;
    const message = `${problem}, so every route of the host answers 503`;
    problems.error(ref, { type: "JWTVerificationError", reason, path, message, fix });
  };
  const path = "spec.virtualhost.jwtProviders";
  if (tls === undefined || tls.passthrough === true || tls.secretName === undefined) {
    const problem = "tokens are asked for only where TLS ends here";
    close("JWTVerificationNotPermitted", path, problem, "name a certificate in virtualhost.tls.secretName");
  } else if (!settings.listeners.some(({ protocol }) => protocol === "https")) {
    const fix = "add a listener with protocol https to binnacle.yaml";
    close("JWTVerificationNotPermitted", path, "no listener speaks HTTPS, and tokens are asked for only there", fix);
  }
  let byDefault: IrJwtRequirement | undefined;
  for (const [index, provider] of jwtProviders.entries()) {
    const { name, issuer, audiences, forwardJWT } = provider;
    const at = `${path}[${index}]`;
    if (names.has(name))
      close("DuplicateProviderName", `${at}.name`, `another provider is called ${name}`, "rename it");
    names.add(name);
    if (provider.default === true && byDefault !== undefined)
      close("MultipleDefaultProvidersSpecified", `${at}.default`, "another provider is the default", "keep one");
    if (provider.default === true) byDefault ??= { provider: name };
    const source = keySource(provider, { ref, host: fqdn, path: at }, settings, read);
    if ("problem" in source) {
      close(source.reason, `${at}.${source.field}`, source.problem, source.fix);
      continue;
    }
    items.push(...source.items);
    facts.push(...source.facts);
    problems.verdicts.push(...source.verdicts);
    providers.push({ name, issuer, audiences, forward: forwardJWT === true, keys: source.keys });
  }
  // What is wrong fetches nothing; the names are wanted nevertheless, for they were read.
  return closed
    ? { providers: [], names, byDefault: undefined, items: [], facts, closed }
    : { providers, names, byDefault, items, facts, closed };
}

export type RouteJwt =
  /** Undefined: what the host says. */
  | { readonly requirement: IrJwtRequirement | "off" | undefined }
  | { readonly reason: "InvalidJWTVerificationPolicy" | "JWTProviderNotDefined"; readonly problem: string };

export function routeJwt({ jwtVerificationPolicy: policy }: ProxyRoute, host: HostJwt | undefined): RouteJwt {
  const { require, disabled } = policy ?? {};
  if (disabled === true && require !== undefined)
    return { reason: "InvalidJWTVerificationPolicy", problem: "both require and disabled are given" };
  if (require !== undefined) {
    if (host?.names.has(require) === true) return { requirement: host.closed ? undefined : { provider: require } };
    return { reason: "JWTProviderNotDefined", problem: `the host has no JWT provider ${require}` };
  }
  return { requirement: disabled === true && host?.byDefault !== undefined ? "off" : undefined };
}
