import { isIPv4, isIPv6 } from "node:net";
import type { ProxyVirtualHost } from "#resources/httpproxy.ts";
import { readJwks } from "#resources/jwks.ts";
import type { ObjectRef } from "#resources/ref.ts";
import { refOf } from "#resources/resource.ts";
import { type Secret, secretBytes } from "#resources/secret.ts";
import { type Candidate, settleEndpoints } from "../candidates.ts";
import { authoritiesOf } from "../certificate-authority.ts";
import { usableSecret } from "../delegation.ts";
import type { IrCluster } from "../ir.ts";
import { type IrJwtKeys, jwksClusterName } from "../ir-jwt.ts";
import { WANTED_NAMES } from "../resolved-name.ts";
import type { TranslateSettings } from "../settings.ts";
import type { Fact, Reader, UnitItem } from "../unit.ts";
import type { Verdict } from "../verdict.ts";
import { timeLimit } from "./times.ts";

type Provider = ProxyVirtualHost["jwtProviders"][number];
type Remote = NonNullable<Provider["remoteJWKS"]>;
type Local = NonNullable<Provider["localJWKS"]>;

/** Where a provider's keys come from: the cluster that they are fetched from, and what is said about its addresses. */
export interface KeySource {
  readonly keys: IrJwtKeys;
  readonly items: readonly UnitItem[];
  readonly facts: readonly Fact[];
  readonly verdicts: readonly Verdict[];
}

/** With Contour's reason, and the provider's field that it is about. */
export interface KeyProblem {
  readonly reason: string;
  readonly field: string;
  readonly problem: string;
  readonly fix: string;
}

/** Where the host stands, and who says so: `path` is the provider's. */
export interface ProviderPlace {
  readonly ref: ObjectRef;
  readonly host: string;
  readonly path: string;
}

/** Contour's. */
const FETCH_TIMEOUT = 1_000;
const CACHE_DURATION = 300_000;

export function keySource(
  { name, remoteJWKS, localJWKS }: Provider,
  place: ProviderPlace,
  settings: TranslateSettings,
  read: Reader,
): KeySource | KeyProblem {
  if (remoteJWKS !== undefined) return remoteKeys(name, remoteJWKS, place, settings, read);
  if (localJWKS !== undefined) return localKeys(localJWKS, place.ref.namespace, read);
  // Contour's CRD asks for exactly one of them, and so does our schema: its JWKSSourceMissing and JWKSSourceConflict never come up.
  throw new Error(`the JWT provider ${name} of ${place.host} has no keys, which its schema lets nobody write`);
}

function localKeys({ secretName, key }: Local, own: string, read: Reader): KeySource | KeyProblem {
  const wrong = (problem: string, fix: string): KeyProblem => ({
    reason: "LocalJWKSInvalid",
    field: "localJWKS",
    problem,
    fix,
  });
  const found = usableSecret(secretName, own, read);
  if ("refused" in found) {
    const { namespace, name } = found;
    return found.refused === "notFound"
      ? wrong(`Secret ${namespace}/${name} does not exist`, `create it in namespace ${namespace}`)
      : wrong(
          `Secret ${namespace}/${name} is not delegated to namespace ${own}`,
          `add a TLSCertificateDelegation in namespace ${namespace}`,
        );
  }
  const { namespace, name } = found.secret.metadata;
  const jwks = secretBytes(found.secret, key)?.toString("utf8");
  if (jwks === undefined) return wrong(`Secret ${namespace}/${name} has no ${key}`, "put the JWKS there");
  const usable = readJwks(jwks);
  if ("problem" in usable)
    return wrong(`${key} of Secret ${namespace}/${name} ${usable.problem}`, 'write {"keys": […]} (RFC 7517)');
  return { keys: { type: "inline", jwks: usable.jwks }, items: [], facts: [], verdicts: [] };
}

function remoteKeys(
  provider: string,
  remote: Remote,
  place: ProviderPlace,
  settings: TranslateSettings,
  read: Reader,
): KeySource | KeyProblem {
  const wrong = (reason: string, field: string, problem: string, fix: string): KeyProblem => ({
    reason: `RemoteJWKS${reason}`,
    field: `remoteJWKS.${field}`,
    problem,
    fix,
  });
  const uri = URL.parse(remote.uri);
  if (uri === null) return wrong("URIInvalid", "uri", `${remote.uri} is no URI`, "write one that begins with https://");
  const tls = uri.protocol === "https:";
  if (!tls && uri.protocol !== "http:")
    return wrong("SchemeInvalid", "uri", `its scheme is ${uri.protocol.slice(0, -1)}`, "write https or http");
  const port = uri.port === "" ? (tls ? 443 : 80) : Number(uri.port);
  if (port === 0) return wrong("PortInvalid", "uri", "0 is no port", "write a port from 1 to 65535");
  const timeout = timeLimit(remote.timeout) ?? FETCH_TIMEOUT;
  const cache = timeLimit(remote.cacheDuration) ?? CACHE_DURATION;
  const bounded = "write a time of at least 1ms and at most 24 days";
  if (!isBounded(timeout)) return wrong("TimeoutInvalid", "timeout", `found ${remote.timeout}`, bounded);
  if (!isBounded(cache))
    return wrong("CacheDurationInvalid", "cacheDuration", `found ${remote.cacheDuration}`, bounded);
  const verify = verification(remote, tls, place.ref.namespace, read);
  if (verify !== undefined && "reason" in verify) return verify;
  const host = uri.hostname.replace(/^\[|\]$/g, "");
  const name = jwksClusterName(place.host, provider);
  const { ref, path } = place;
  const cluster: IrCluster = {
    type: "cluster",
    name,
    upstream: { backend: "local", namespace: ref.namespace, service: host, port, transport: "tcp" },
    protocol: "http1",
    tls,
    ...(tls && !isIPv4(host) && !isIPv6(host) ? { sni: host } : {}),
    ...(verify === undefined ? {} : { verify: { authorities: verify.authorities, names: verify.names } }),
    connectTimeout: settings.connectTimeout,
    healthCheck: undefined,
    outlierDetection: false,
    circuitBreaker: NO_LIMITS,
  };
  const { dnsLookupFamily = "auto" } = remote;
  const candidate: Candidate = {
    host,
    // An address in the URI is not looked up.
    ...(dnsLookupFamily === "auto" ? {} : { family: dnsLookupFamily }),
    port,
    health: "healthy",
    zone: undefined,
    ref,
    path: `${path}.remoteJWKS.uri`,
  };
  const { endpoints, names, verdicts } = settleEndpoints([candidate], settings.upstreams, read);
  const from = [ref, ...(verify === undefined ? [] : [verify.secret])];
  const items: UnitItem[] = [{ item: cluster, from }];
  if (endpoints !== undefined) items.push({ item: { type: "endpoints", name, endpoints }, from: [ref] });
  return {
    keys: { type: "remote", uri: uri.href, cluster: name, timeout, cache },
    items,
    facts: names.map((value) => ({ topic: WANTED_NAMES, value })),
    verdicts,
  };
}

const NO_LIMITS = {
  maxConnections: undefined,
  maxPendingRequests: undefined,
  maxRequests: undefined,
  maxRetries: undefined,
  perHostMaxConnections: undefined,
};

/** Envoy takes no time of 0 for either. */
function isBounded(milliseconds: number): boolean {
  return milliseconds >= 1 && milliseconds < 2 ** 31;
}

function verification(
  { validation }: Remote,
  tls: boolean,
  own: string,
  read: Reader,
):
  | { readonly authorities: string; readonly names: readonly string[]; readonly secret: ObjectRef }
  | KeyProblem
  | undefined {
  if (validation === undefined) return undefined;
  const wrong = (problem: string, fix: string, reason = "RemoteJWKSUpstreamValidationInvalid"): KeyProblem => ({
    reason,
    field: "remoteJWKS.validation",
    problem,
    fix,
  });
  if (!tls)
    return wrong("the server's certificate is to be verified, and it is spoken to without TLS", "write https in uri");
  const found = usableSecret(validation.caSecret, own, read);
  if ("refused" in found) {
    const { namespace, name } = found;
    if (found.refused === "notFound")
      return wrong(`Secret ${namespace}/${name} does not exist`, `create it with ca.crt in namespace ${namespace}`);
    const problem = `Secret ${namespace}/${name} is not delegated to namespace ${own}`;
    const fix = `add a TLSCertificateDelegation in namespace ${namespace}`;
    return wrong(problem, fix, "RemoteJWKSCACertificateNotDelegated");
  }
  const secret: Secret = found.secret;
  const authorities = authoritiesOf(secret);
  if ("problem" in authorities) {
    const problem = `Secret ${secret.metadata.namespace}/${secret.metadata.name} cannot be used: ${authorities.problem}`;
    return wrong(problem, "put the authorities' certificates into ca.crt");
  }
  const names = validation.subjectNames ?? [validation.subjectName];
  return { authorities: authorities.pem, names, secret: refOf(secret) };
}
