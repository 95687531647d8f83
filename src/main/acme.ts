import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CertificateKeeper, CertificateStatus, WantedCertificate } from "#acme/certificate-keeper.ts";
import type { CertificateRecords } from "#acme/certificate-records.ts";
import type { RetryTimes } from "#acme/renewal.ts";
import type { Config } from "#config/config.ts";
import type { Duty } from "#kubernetes/leadership.ts";
import { compareText } from "#lib/compare.ts";
import type { Logger } from "#lib/log.ts";
import { MultiMap } from "#lib/multi-map.ts";
import { pause } from "#lib/pause.ts";
import type { AcmeMetrics } from "#monitoring/acme-metrics.ts";
import { acmeState, acmeStateAnnotations } from "#resources/acme.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { Secret } from "#resources/secret.ts";
import { WANTED_CERTIFICATES } from "#translate/host-acme.ts";
import { HTTP_TABLE, virtualHostName } from "#translate/ir.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { HomeCluster } from "./home-cluster.ts";

export interface AcmeOptions {
  readonly settings: NonNullable<Config["acme"]>;
  readonly controlPlane: ControlPlane;
  readonly stateDirectory: string;
  /** Undefined: the home is a directory. */
  readonly cluster?: HomeCluster | undefined;
  readonly metrics: Pick<AcmeMetrics, "ordered" | "connect">;
  readonly logger: Logger;
  /** Instead of the standard ones. */
  readonly retry?: RetryTimes;
}

/** What orders certificates. */
export interface AcmePart {
  /** What is known of certificates has been read: without it Envoy would take away the ones that it serves. */
  readonly settled: Promise<void>;
  /** Where a cluster is the home: its leader orders, for all. */
  readonly duty: Duty | undefined;
}

/** How long an order waits until Envoy has the answer to a challenge. Milliseconds. */
const SERVED_WITHIN = 10_000;
/** How much longer for the other control planes, which hear of it by their watches, and their Envoys. Milliseconds. */
const SERVED_BY_OTHERS = 2000;

/**
 * Orders the certificates that objects ask for, and puts what comes of it into the store as Secrets, from where it goes the way of
 * all Secrets. Throws when the authorities' file cannot be read. The library is loaded only where there is a server.
 */
export async function orderCertificates(options: AcmeOptions, parts: AsyncDisposableStack): Promise<AcmePart> {
  const { settings, controlPlane, cluster, metrics, logger } = options;
  const [{ AcmeServer }, { RETRY_TIMES }] = await Promise.all([
    import("#acme/acme-server.ts"),
    import("#acme/renewal.ts"),
  ]);
  const { directory, email, profile, caFile, keyType, renewBefore } = settings;
  const authorities = caFile === undefined ? undefined : await readAuthorities(caFile);
  const server = parts.use(new AcmeServer({ directory, email, profile, authorities }));
  const keeping = cluster === undefined ? await inFiles(options) : await inCluster(cluster, logger);
  const { CertificateKeeper: Keeper } = await import("#acme/certificate-keeper.ts");
  const keeper: CertificateKeeper = new Keeper({
    directory,
    server,
    records: keeping.records,
    keyType,
    renewBefore,
    retry: options.retry ?? RETRY_TIMES,
    onChange: (wanted, status) => putSecret(controlPlane, directory, wanted, status),
    served: async (hosts, signal) => {
      await served(controlPlane, hosts, signal);
      if (cluster !== undefined) await pause(SERVED_BY_OTHERS, signal);
    },
    onOrder: (result) => metrics.ordered(result),
    now: Date.now,
    log: logger.room("acme"),
  });
  metrics.connect(() => keeper.statuses().map(measured));
  const part = keeping.begin(keeper, parts);
  const want = (): void => keeper.want(wantedCertificates(controlPlane.translator.facts(WANTED_CERTIFICATES)));
  const unlisten = controlPlane.listen({
    translated: ({ delta }) => {
      if (delta.topics.has(WANTED_CERTIFICATES)) want();
    },
  });
  parts.defer(unlisten);
  return part;
}

/** Where certificates are kept, and who orders them. */
interface Keeping {
  readonly records: CertificateRecords;
  begin(keeper: CertificateKeeper, parts: AsyncDisposableStack): AcmePart;
}

/** This control plane is alone: it orders as long as it runs. */
async function inFiles({ stateDirectory }: AcmeOptions): Promise<Keeping> {
  const { CertificateFiles } = await import("#acme/certificate-files.ts");
  const files = new CertificateFiles(join(stateDirectory, "acme"));
  return {
    records: files,
    begin: (keeper, parts) => {
      untilDisposed(parts, (signal) => keeper.order(files, signal));
      return { settled: Promise.resolve(), duty: undefined };
    },
  };
}

/** All control planes know what is kept; the leader orders. */
async function inCluster({ client, limiter, namespace }: HomeCluster, logger: Logger): Promise<Keeping> {
  const [{ CertificateSecrets }, { TermCertificates }, { TermWriter }] = await Promise.all([
    import("#acme/home-cluster/certificate-secrets.ts"),
    import("#acme/home-cluster/term-certificates.ts"),
    import("#kubernetes/term-writer.ts"),
  ]);
  const secrets = new CertificateSecrets({ client, namespace, log: logger.room("acme") });
  return {
    records: secrets,
    begin: (keeper, parts) => {
      secrets.onChange((certificate) => keeper.look(certificate));
      untilDisposed(parts, (signal) => secrets.run(signal));
      const lead: Duty["lead"] = async (term) => {
        // What is there already must not be ordered again.
        await Promise.race([secrets.listed, new Promise((resolve) => term.signal.addEventListener("abort", resolve))]);
        const writer = new TermWriter(client, limiter, term);
        await keeper.order(new TermCertificates({ secrets, writer, namespace }), term.signal);
      };
      return { settled: secrets.settled, duty: { lead } };
    },
  };
}

function untilDisposed(parts: AsyncDisposableStack, run: (signal: AbortSignal) => Promise<void>): void {
  const stop = new AbortController();
  const running = run(stop.signal);
  parts.defer(async () => {
    stop.abort();
    await running;
  });
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
