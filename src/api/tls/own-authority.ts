import { createPrivateKey, X509Certificate } from "node:crypto";
import { chmod, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "#lib/error-code.ts";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { replaceFile } from "#lib/replace-file.ts";
import { issueAuthority, issueServer, type PemPair } from "./issue-certificate.ts";

/** Folder in the state directory, and in it: what others may have, and what nobody else may. */
export const API_TLS_FOLDER = "api-tls";
export const AUTHORITY_CERTIFICATE_FILE = "ca.crt";
const AUTHORITY_FILE = "ca.pem";
const SERVER_FILE = "server.pem";

const DAY = 86_400_000;
/** Milliseconds. Who holds the authority's certificate trusts it that long. */
const AUTHORITY_LIFETIME = 10 * 365 * DAY;
/** Half of it: a kubeconfig that was written on the last day before is good for five years more. */
const RENEW_AUTHORITY_BEFORE = 5 * 365 * DAY;
const SERVER_LIFETIME = 90 * DAY;
const RENEW_SERVER_BEFORE = 30 * DAY;
/** Milliseconds before now from which a new certificate is good: for clients whose clock is behind. */
const BACKDATED = 300_000;
const LOOK_EVERY = 3_600_000;

export interface OwnAuthorityOptions {
  readonly stateDirectory: string;
  /** DNS names and IP addresses by which the API may be called. */
  readonly names: readonly string[];
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * The API's certificate, signed by an authority that lives in the state directory alone. Both are made at the first start
 * and renewed in time, without a restart; the authority with the key that it has, so that clients that hold its earlier
 * certificate go on.
 */
export class OwnAuthority {
  readonly #options: OwnAuthorityOptions;
  readonly #directory: string;
  #pair: PemPair;

  private constructor(options: OwnAuthorityOptions, directory: string, pair: PemPair) {
    this.#options = options;
    this.#directory = directory;
    this.#pair = pair;
  }

  static async open(options: OwnAuthorityOptions): Promise<OwnAuthority> {
    const directory = join(options.stateDirectory, API_TLS_FOLDER);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return new OwnAuthority(options, directory, await current(options, directory));
  }

  /** Certificate and key, PEM in one text: for `cert` as for `key`. */
  get pair(): PemPair {
    return this.#pair;
  }

  /** Makes anew what is to be renewed by now. Returns whether the pair is another one then. */
  async renew(): Promise<boolean> {
    const pair = await current(this.#options, this.#directory);
    const isNew = pair !== this.#pair;
    this.#pair = pair;
    return isNew;
  }

  /** Looks each hour, and tells `use` of a new pair. A renewal that fails is tried again; the pair in use goes on. */
  follow(use: (pair: PemPair) => void): Disposable {
    const { log } = this.#options;
    const look = async (): Promise<void> => {
      try {
        if (!(await this.renew())) return;
        use(this.#pair);
        log.info("the API's own certificate was renewed", { directory: this.#directory });
      } catch (error) {
        log.warn("the API's own certificate is not renewed, the one before goes on", { error: errorMessage(error) });
      }
    };
    const timer = setInterval(() => void look(), LOOK_EVERY).unref();
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }
}

async function current(options: OwnAuthorityOptions, directory: string): Promise<PemPair> {
  const now = options.now();
  const names = [...new Set(options.names)].sort();
  const authority = await currentAuthority(options, directory, now);
  const file = join(directory, SERVER_FILE);
  const pair = await readPair(file);
  const certificate = pair === undefined ? undefined : new X509Certificate(pair);
  if (
    pair !== undefined &&
    certificate !== undefined &&
    isGood(certificate, now, RENEW_SERVER_BEFORE) &&
    certificate.verify(new X509Certificate(authority).publicKey) &&
    namesOf(certificate).join() === names.join()
  ) {
    return pair;
  }
  const wishes = { commonName: "Binnacle API", notBefore: now - BACKDATED, notAfter: now + SERVER_LIFETIME };
  const issued = await issueServer(wishes, names, authority);
  replaceFile(file, issued);
  return issued;
}

async function currentAuthority({ log }: OwnAuthorityOptions, directory: string, now: number): Promise<PemPair> {
  const file = join(directory, AUTHORITY_FILE);
  const before = await readPair(file);
  let authority = before;
  if (before === undefined || !isGood(new X509Certificate(before), now, RENEW_AUTHORITY_BEFORE)) {
    const wishes = {
      // Two authorities on one machine are told apart by their names: they are for people who look into a trust store.
      commonName: `Binnacle API authority ${new Date(now).toISOString().slice(0, 10)}`,
      notBefore: now - BACKDATED,
      notAfter: now + AUTHORITY_LIFETIME,
    };
    const sameName =
      before === undefined ? wishes : { ...wishes, commonName: commonNameOf(new X509Certificate(before)) };
    authority = await issueAuthority(sameName, before);
    replaceFile(file, authority);
    log.info("the API's own authority was made", { directory, renewed: before !== undefined });
  }
  const certificate = `${new X509Certificate(authority!).toString().trimEnd()}\n`;
  const publicFile = join(directory, AUTHORITY_CERTIFICATE_FILE);
  if ((await readText(publicFile)) !== certificate) replaceFile(publicFile, certificate);
  return authority!;
}

/** A pair that can be used; one that cannot, for whatever reason, is made anew. */
async function readPair(file: string): Promise<PemPair | undefined> {
  const text = await readText(file);
  if (text === undefined) return undefined;
  try {
    const fits = new X509Certificate(text).checkPrivateKey(createPrivateKey(text));
    if (!fits) return undefined;
  } catch {
    return undefined;
  }
  await chmod(file, 0o600);
  return text;
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

function isGood(certificate: X509Certificate, now: number, before: number): boolean {
  return certificate.validFromDate.getTime() <= now && now < certificate.validToDate.getTime() - before;
}

function commonNameOf(certificate: X509Certificate): string {
  return /(?:^|\n)CN=(.*)/.exec(certificate.subject)?.[1] ?? "Binnacle API authority";
}

/** `DNS:localhost, IP Address:127.0.0.1` */
function namesOf(certificate: X509Certificate): readonly string[] {
  const entries = (certificate.subjectAltName ?? "").split(", ");
  return entries.map((entry) => canonical(entry.slice(entry.indexOf(":") + 1))).sort();
}

/** OpenSSL writes IPv6 in its long form. */
function canonical(name: string): string {
  return name.includes(":") ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name;
}
