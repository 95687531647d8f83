import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CertificateKeeper, CertificateStatus, WantedCertificate } from "#acme/certificate-keeper.ts";
import type { RetryTimes } from "#acme/renewal.ts";
import type { Config } from "#config/config.ts";
import { compareText } from "#lib/compare.ts";
import type { Logger } from "#lib/log.ts";
import { MultiMap } from "#lib/multi-map.ts";
import type { AcmeMetrics } from "#monitoring/acme-metrics.ts";
import { acmeState, acmeStateAnnotations } from "#resources/acme.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { Secret } from "#resources/secret.ts";
import { WANTED_CERTIFICATES } from "#translate/host-acme.ts";
import { HTTP_TABLE, virtualHostName } from "#translate/ir.ts";
import type { ControlPlane } from "../control-plane.ts";

export interface AcmeOptions {
  readonly settings: NonNullable<Config["acme"]>;
  readonly controlPlane: ControlPlane;
  readonly stateDirectory: string;
  readonly metrics: Pick<AcmeMetrics, "ordered" | "connect">;
  readonly logger: Logger;
  /** Instead of the standard ones. */
  readonly retry?: RetryTimes;
}

/** How long an order waits until Envoy has the answer to a challenge. Milliseconds. */
const SERVED_WITHIN = 10_000;

/**
 * Orders the certificates that objects ask for, and puts what comes of it into the store as Secrets, from where it goes the way of
 * all Secrets. Throws when the authorities' file cannot be read. The library is loaded only where there is a server.
 */
export async function orderCertificates(options: AcmeOptions, parts: AsyncDisposableStack): Promise<void> {
  const { settings, controlPlane, stateDirectory, metrics, logger, retry } = options;
  const [{ AcmeServer }, { CertificateKeeper: Keeper }, { CertificateFiles }, { RETRY_TIMES }] = await Promise.all([
    import("#acme/acme-server.ts"),
    import("#acme/certificate-keeper.ts"),
    import("#acme/certificate-files.ts"),
    import("#acme/renewal.ts"),
  ]);
  const { directory, email, profile, caFile, keyType, renewBefore } = settings;
  const files = new CertificateFiles(join(stateDirectory, "acme"));
  const server = parts.use(
    new AcmeServer({
      directory,
      email,
      profile,
      authorities: caFile === undefined ? undefined : await readAuthorities(caFile),
      accountKey: files.accountKey(directory),
    }),
  );
  const keeper: CertificateKeeper = parts.use(
    new Keeper({
      directory,
      server,
      files,
      keyType,
      renewBefore,
      retry: retry ?? RETRY_TIMES,
      onChange: (wanted, status) => putSecret(controlPlane, directory, wanted, status),
      served: (hosts, signal) => served(controlPlane, hosts, signal),
      onOrder: (result) => metrics.ordered(result),
      now: Date.now,
      log: logger.room("acme"),
    }),
  );
  metrics.connect(() => keeper.statuses().map(measured));
  const want = (): void => keeper.want(wantedCertificates(controlPlane.translator.facts(WANTED_CERTIFICATES)));
  const unlisten = controlPlane.listen({
    translated: ({ delta }) => {
      if (delta.topics.has(WANTED_CERTIFICATES)) want();
    },
  });
  parts.defer(unlisten);
}

async function readAuthorities(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new Error(`acme.caFile ${file} cannot be read`, { cause: error });
  }
}

/** `team/shop-tls shop.example.com`, sorted → one certificate for each Secret. */
function wantedCertificates(facts: readonly string[]): readonly WantedCertificate[] {
  const hosts = new MultiMap<string, string>();
  for (const fact of facts) {
    const [secret = "", host = ""] = fact.split(" ");
    hosts.add(secret, host);
  }
  return [...hosts.keys()].map((secret) => {
    const [namespace = "", name = ""] = secret.split("/");
    return { namespace, name, hosts: [...hosts.get(secret)].sort(compareText) };
  });
}

function putSecret(
  { store }: ControlPlane,
  directory: string,
  { namespace, name }: WantedCertificate,
  status: CertificateStatus | undefined,
): void {
  const ref: ObjectRef = { kind: "Secret", namespace, name };
  const standing = store.get("Secret", namespace, name)?.object;
  // Meanwhile somebody brought a certificate of their own.
  if (standing !== undefined && acmeState(standing.metadata) === undefined) return;
  if (status === undefined) store.apply([{ type: "delete", ref }]);
  else store.apply([{ type: "put", object: secretOf(status), origin: { file: directory } }]);
}

function secretOf({ namespace, name, issued, failure, challenges }: CertificateStatus): Secret {
  const annotations = acmeStateAnnotations({
    challenges,
    ...(failure === undefined
      ? {}
      : { failure: { message: failure.message, next: new Date(failure.next).toISOString() } }),
  });
  const data: Record<string, string> =
    issued === undefined ? {} : { "tls.crt": base64(issued.chain), "tls.key": base64(issued.privateKey) };
  const metadata = { name, namespace, labels: {}, annotations };
  return { apiVersion: "v1", kind: "Secret", metadata, type: "kubernetes.io/tls", data };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** Resolves when every Envoy answer for these hosts is acknowledged, or after a while: then the ACME server says what it sees. */
async function served(controlPlane: ControlPlane, hosts: readonly string[], signal: AbortSignal): Promise<void> {
  controlPlane.translateNow();
  const { snapshot } = controlPlane;
  const names = hosts.map((host) => virtualHostName(HTTP_TABLE, host));
  const isServed = (): boolean => names.every((name) => snapshot.isSettled({ type: "virtualHost", name }));
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = AbortSignal.any([signal, AbortSignal.timeout(SERVED_WITHIN)]);
  end.addEventListener("abort", () => resolve());
  const look = (): void => {
    if (isServed()) resolve();
  };
  const unlisten = snapshot.listen({ acknowledged: look, removed: look });
  look();
  await promise;
  unlisten();
}

function measured({ namespace, name, issued, failure }: CertificateStatus) {
  return { namespace, name, issuedAt: issued?.notBefore, failure };
}
