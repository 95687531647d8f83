import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { compareText } from "#lib/compare.ts";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { pause } from "#lib/pause.ts";
import type { AcmeChallenge } from "#resources/acme.ts";
import { AcmeError, type AcmeFailureKind } from "./acme-error.ts";
import type { AcmeServer } from "./acme-server.ts";
import type { CertificateFiles, IssuedCertificate, KeptCertificate, OrderFailure } from "./certificate-files.ts";
import { type Lifetime, renewalTime, type RetryTimes, retryDelay } from "./renewal.ts";

export interface WantedCertificate {
  readonly namespace: string;
  /** Of its Secret. */
  readonly name: string;
  /** Sorted, at least one. */
  readonly hosts: readonly string[];
}

export interface CertificateStatus extends WantedCertificate {
  readonly issued: (IssuedCertificate & Lifetime) | undefined;
  readonly failure: OrderFailure | undefined;
  readonly challenges: readonly AcmeChallenge[];
}

export interface CertificateKeeperOptions {
  readonly directory: string;
  readonly server: Pick<AcmeServer, "issue">;
  readonly files: CertificateFiles;
  readonly keyType: KeyType;
  /** Milliseconds before its end. */
  readonly renewBefore: number;
  readonly retry: RetryTimes;
  /** Told of each change, also of what is known at the start; `undefined`: it is wanted no more. */
  readonly onChange: (wanted: WantedCertificate, status: CertificateStatus | undefined) => void;
  /** Resolves when what {@link onChange} was told of challenges can be had at these hosts. */
  readonly served: (hosts: readonly string[], signal: AbortSignal) => Promise<void>;
  /** Told how an order ended. */
  readonly onOrder: (result: "issued" | AcmeFailureKind) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

export const KEY_TYPES = ["ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-4096"] as const;
export type KeyType = (typeof KEY_TYPES)[number];

/** The longest sleep: a clock that is set, or a machine that slept, is seen within it. */
const LONGEST_SLEEP = 3_600_000;

/**
 * Keeps the certificates that are wanted: orders what is missing, renews what ends, one order at a time. A failure is kept with
 * the time of the next try, so that no restart comes back earlier; the last certificate stays until there is a better one.
 */
export class CertificateKeeper implements AsyncDisposable {
  readonly #options: CertificateKeeperOptions;
  readonly #known = new Map<string, CertificateStatus>();
  readonly #stop = new AbortController();
  readonly #run: Promise<void>;
  #wake = new AbortController();

  constructor(options: CertificateKeeperOptions) {
    this.#options = options;
    this.#run = this.#work();
  }

  /** These are wanted from now on, and no others. Tells at once what is known of the new ones. */
  want(certificates: readonly WantedCertificate[]): void {
    const wanted = new Map(certificates.map((certificate) => [keyOf(certificate), certificate]));
    const gone = [...this.#known].filter(([key]) => !wanted.has(key));
    for (const [key, status] of gone) {
      this.#known.delete(key);
      this.#options.onChange(status, undefined);
    }
    for (const [key, certificate] of wanted) {
      const known = this.#known.get(key);
      if (known === undefined) this.#set({ ...certificate, ...this.#kept(certificate), challenges: [] });
      else if (!isDeepStrictEqual(known.hosts, certificate.hosts)) this.#set({ ...known, ...certificate });
    }
    this.#wake.abort();
  }

  /** Sorted by namespace and name. */
  statuses(): readonly CertificateStatus[] {
    return [...this.#known].sort(([a], [b]) => compareText(a, b)).map(([, status]) => status);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#run;
  }

  async #work(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const { now } = this.#options;
      const [next] = this.statuses().toSorted((a, b) => this.#due(a) - this.#due(b));
      const wait = next === undefined ? LONGEST_SLEEP : this.#due(next) - now();
      if (next !== undefined && wait <= 0) await this.#order(next, signal);
      else await pause(Math.min(wait, LONGEST_SLEEP), AbortSignal.any([signal, this.#wake.signal]));
    }
  }

  /** Milliseconds since the epoch; in the past when it is time. */
  #due({ namespace, name, hosts, issued, failure }: CertificateStatus): number {
    const { directory, renewBefore } = this.#options;
    const isFor = (what: { hosts: readonly string[]; directory: string }): boolean =>
      what.directory === directory && isDeepStrictEqual(what.hosts, hosts);
    if (failure !== undefined && isFor(failure)) return failure.next;
    if (issued === undefined || !isFor(issued)) return 0;
    return renewalTime(issued, renewBefore, `${namespace}/${name}`);
  }

  async #order(wanted: CertificateStatus, signal: AbortSignal): Promise<void> {
    const { directory, server, served, keyType, onOrder, now, log } = this.#options;
    const { namespace, name, hosts } = wanted;
    const fields = { certificate: `${namespace}/${name}`, hosts: hosts.join(",") };
    const privateKey = newKey(keyType);
    const publish = async (challenges: readonly AcmeChallenge[]): Promise<void> => {
      this.#update(wanted, { challenges });
      await served(hosts, signal);
    };
    try {
      const chain = await server.issue({ hosts, privateKey, publish }, signal);
      const issued = { directory, hosts, chain, privateKey, ...lifetimeOf(chain) };
      this.#update(wanted, { issued, failure: undefined, challenges: [] });
      this.#keep(wanted, { issued, failure: undefined });
      log.info("a certificate was issued", fields);
      onOrder("issued");
      if (this.#due({ ...wanted, issued, failure: undefined }) <= now())
        this.#failed({ ...wanted, issued }, tooOld(issued));
    } catch (error) {
      this.#update(wanted, { challenges: [] });
      // An order that a stop cut off is forgotten by the server in time; the next start begins a new one.
      if (!signal.aborted) this.#failed(wanted, error);
    }
  }

  #failed(wanted: CertificateStatus, error: unknown): void {
    const { directory, retry, now, onOrder, log } = this.#options;
    const { namespace, name, hosts, issued, failure: before } = wanted;
    const { kind, retryAfter } = error instanceof AcmeError ? error : new AcmeError("refused", errorMessage(error));
    const count = (before?.count ?? 0) + 1;
    const wait = retryDelay(kind, count, retryAfter, retry, Math.random());
    const message = errorMessage(error);
    const since = before?.since ?? now();
    const failure: OrderFailure = { kind, message, directory, hosts, count, since, next: now() + wait };
    this.#update(wanted, { failure });
    this.#keep(wanted, { issued, failure });
    log.warn("a certificate could not be had", { certificate: `${namespace}/${name}`, kind, failure: message });
    onOrder(kind);
  }

  #kept(certificate: WantedCertificate): Pick<CertificateStatus, "issued" | "failure"> {
    const { issued, failure } = this.#options.files.read(certificate.namespace, certificate.name);
    if (issued === undefined) return { issued, failure };
    try {
      return { issued: { ...issued, ...lifetimeOf(issued.chain) }, failure };
    } catch {
      return { issued: undefined, failure };
    }
  }

  /** What cannot be kept serves until the next start, which orders it anew. */
  #keep({ namespace, name }: WantedCertificate, kept: KeptCertificate): void {
    const { files, log } = this.#options;
    try {
      files.write(namespace, name, kept);
    } catch (error) {
      log.error("a certificate cannot be kept", { certificate: `${namespace}/${name}`, failure: errorMessage(error) });
    }
  }

  /** What came of an order that was under way while the wish for it ended is kept, and told to nobody. */
  #update(wanted: WantedCertificate, news: Partial<CertificateStatus>): void {
    const known = this.#known.get(keyOf(wanted));
    if (known !== undefined) this.#set({ ...known, ...news });
  }

  #set(status: CertificateStatus): void {
    this.#known.set(keyOf(status), status);
    this.#options.onChange(status, status);
  }
}

function keyOf({ namespace, name }: WantedCertificate): string {
  return `${namespace}/${name}`;
}

/** Without a wait it would be ordered again and again. */
function tooOld({ notAfter }: Lifetime): AcmeError {
  const end = new Date(notAfter).toISOString();
  const message = `what it issued ends at ${end} and has to be renewed at once: see that this machine's clock is right`;
  return new AcmeError("refused", message);
}

function lifetimeOf(chain: string): Lifetime {
  const { validFromDate, validToDate } = new X509Certificate(chain);
  return { notBefore: validFromDate.getTime(), notAfter: validToDate.getTime() };
}

function newKey(type: KeyType): string {
  const [algorithm, size] = type.split("-") as ["ecdsa" | "rsa", string];
  const { privateKey } =
    algorithm === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: Number(size) })
      : generateKeyPairSync("ec", { namedCurve: size.replace("p", "P-") });
  return privateKey.export({ type: "pkcs8", format: "pem" });
}
