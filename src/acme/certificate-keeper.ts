import { X509Certificate } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { compareText } from "#lib/compare.ts";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { pause } from "#lib/pause.ts";
import type { AcmeChallenge } from "#resources/acme.ts";
import { AcmeError, type AcmeFailureKind } from "./acme-error.ts";
import type { AcmeServer } from "./acme-server.ts";
import {
  type CertificateName,
  type CertificateRecords,
  type CertificateWriter,
  ChangedElsewhere,
  type IssuedCertificate,
  type KeptCertificate,
  type OrderFailure,
} from "./certificate-records.ts";
import { type KeyType, newKey } from "./keys.ts";
import { type Lifetime, renewalTime, type RetryTimes, retryDelay } from "./renewal.ts";

export interface WantedCertificate extends CertificateName {
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
  readonly records: CertificateRecords;
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

/** The longest sleep: a clock that is set, or a machine that slept, is seen within it. */
const LONGEST_SLEEP = 3_600_000;

/**
 * Knows the certificates that are wanted and, while it is told to, keeps them: orders what is missing, renews what ends, one order
 * at a time. A failure is kept with the time of the next try, so that no restart comes back earlier; the last certificate stays
 * until there is a better one.
 */
export class CertificateKeeper {
  readonly #options: CertificateKeeperOptions;
  readonly #known = new Map<string, CertificateStatus>();
  #wake = new AbortController();

  constructor(options: CertificateKeeperOptions) {
    this.#options = options;
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
      if (known === undefined) this.#set({ ...certificate, ...this.#recorded(certificate) });
      else if (!isDeepStrictEqual(known.hosts, certificate.hosts)) this.#set({ ...known, ...certificate });
    }
    this.#wake.abort();
  }

  /** What the records say of a certificate changed. */
  look(certificate: CertificateName): void {
    const known = this.#known.get(keyOf(certificate));
    if (known === undefined) return;
    const status = { ...known, ...this.#recorded(certificate) };
    if (isDeepStrictEqual(known, status)) return;
    this.#set(status);
    this.#wake.abort();
  }

  /** Sorted by namespace and name. */
  statuses(): readonly CertificateStatus[] {
    return [...this.#known].sort(([a], [b]) => compareText(a, b)).map(([, status]) => status);
  }

  /** Orders until the signal; what comes of it goes to the writer. Not twice at a time. */
  async order(writer: CertificateWriter, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const { now } = this.#options;
      const [next] = this.statuses().toSorted((a, b) => this.#due(a) - this.#due(b));
      const wait = next === undefined ? LONGEST_SLEEP : this.#due(next) - now();
      if (next !== undefined && wait <= 0) await this.#order(next, writer, signal);
      else await pause(Math.min(wait, LONGEST_SLEEP), AbortSignal.any([signal, this.#wake.signal]));
    }
  }

  /** Milliseconds since the epoch; in the past when it is time. */
  #due({ namespace, name, hosts, issued, failure }: CertificateStatus): number {
    const { directory, renewBefore, now } = this.#options;
    const isFor = (what: { hosts: readonly string[]; directory: string }): boolean =>
      what.directory === directory && isDeepStrictEqual(what.hosts, hosts);
    if (failure !== undefined && isFor(failure) && isPast(failure, now())) return failure.next;
    if (issued === undefined || !isFor(issued)) return 0;
    return renewalTime(issued, renewBefore, `${namespace}/${name}`);
  }

  async #order(wanted: CertificateStatus, writer: CertificateWriter, signal: AbortSignal): Promise<void> {
    const { directory, server, served, keyType, onOrder, now, log } = this.#options;
    const { namespace, name, hosts } = wanted;
    const fields = { certificate: `${namespace}/${name}`, hosts: hosts.join(",") };
    const privateKey = await newKey(keyType);
    const accountKey = (): Promise<string> => kept("the account's key", writer.accountKey(directory, signal));
    const publish = async (challenges: readonly AcmeChallenge[]): Promise<void> => {
      await kept("the answer to the server's challenge", writer.publish(wanted, challenges, signal));
      this.#update(wanted, { challenges });
      await served(hosts, signal);
    };
    try {
      const chain = await server.issue({ accountKey, hosts, privateKey, publish }, signal);
      const issued = { directory, hosts, chain, privateKey, ...lifetimeOf(chain) };
      log.info("a certificate was issued", fields);
      const isOld = this.#due({ ...wanted, issued, failure: undefined }) <= now();
      const failure = isOld ? this.#failure(wanted, tooOld(issued)) : undefined;
      await this.#keep({ ...wanted, issued, failure }, writer, signal);
      onOrder("issued");
      if (failure !== undefined) onOrder(failure.kind);
    } catch (error) {
      // An order that a stop cut off is forgotten by the server in time; the next start begins a new one.
      if (signal.aborted) return this.#update(wanted, { challenges: [] });
      if (error instanceof ChangedElsewhere) return log.info("an order was given up", { reason: error.message });
      const failure = this.#failure(wanted, error);
      await this.#keep({ ...wanted, failure }, writer, signal);
      onOrder(failure.kind);
    }
  }

  #failure({ namespace, name, hosts, failure: before }: CertificateStatus, error: unknown): OrderFailure {
    const { directory, retry, now, log } = this.#options;
    const { kind, retryAfter } = error instanceof AcmeError ? error : new AcmeError("refused", errorMessage(error));
    const series = before !== undefined && isPast(before, now()) ? before : undefined;
    const count = (series?.count ?? 0) + 1;
    const wait = retryDelay(kind, count, retryAfter, retry, Math.random());
    const message = errorMessage(error);
    const since = series?.since ?? now();
    log.warn("a certificate could not be had", { certificate: `${namespace}/${name}`, kind, failure: message });
    return { kind, message, directory, hosts, count, since, next: now() + wait };
  }

  /**
   * Keeps what came of an order, and serves it. What cannot be kept serves until the next start, which orders it anew; what came
   * while the wish for it ended is kept, and told to nobody.
   */
  async #keep(status: CertificateStatus, writer: CertificateWriter, signal: AbortSignal): Promise<void> {
    const { issued, failure, namespace, name } = status;
    try {
      await writer.keep(status, { issued: issued && withoutLifetime(issued), failure }, signal);
    } catch (error) {
      const fields = { certificate: `${namespace}/${name}`, failure: errorMessage(error) };
      this.#options.log.error("a certificate cannot be kept", fields);
    }
    this.#update(status, { issued, failure, challenges: [] });
  }

  #recorded(certificate: CertificateName): Pick<CertificateStatus, "issued" | "failure" | "challenges"> {
    const { issued, failure, challenges } = this.#options.records.read(certificate);
    if (issued === undefined) return { issued, failure, challenges };
    try {
      return { issued: { ...issued, ...lifetimeOf(issued.chain) }, failure, challenges };
    } catch {
      return { issued: undefined, failure, challenges };
    }
  }

  #update(wanted: WantedCertificate, news: Partial<CertificateStatus>): void {
    const known = this.#known.get(keyOf(wanted));
    if (known === undefined) return;
    const status = { ...known, ...news };
    if (!isDeepStrictEqual(known, status)) this.#set(status);
  }

  #set(status: CertificateStatus): void {
    this.#known.set(keyOf(status), status);
    this.#options.onChange(status, status);
  }
}

function keyOf({ namespace, name }: CertificateName): string {
  return `${namespace}/${name}`;
}

/** One of a time to come was kept by a clock that has been set right since: its next try may be years away. */
function isPast({ since }: OrderFailure, now: number): boolean {
  return since <= now;
}

/** What fails here is no fault of the server's. */
async function kept<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ChangedElsewhere) throw error;
    throw new AcmeError("unkept", `${what} cannot be kept: ${errorMessage(error)}`);
  }
}

function withoutLifetime({ directory, hosts, chain, privateKey }: IssuedCertificate): KeptCertificate["issued"] {
  return { directory, hosts, chain, privateKey };
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
