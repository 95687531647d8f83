import { generateKeyPairSync, hash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isMap } from "#lib/schema-rules.ts";
import type { AcmeFailureKind } from "./acme-error.ts";

/** What is kept of a certificate over restarts. */
export interface KeptCertificate {
  /** Undefined: there was none yet. */
  readonly issued: IssuedCertificate | undefined;
  /** Undefined after a success. */
  readonly failure: OrderFailure | undefined;
}

export interface IssuedCertificate {
  /** The directory that it came from. */
  readonly directory: string;
  /** Sorted. */
  readonly hosts: readonly string[];
  /** PEM, the leaf first. */
  readonly chain: string;
  readonly privateKey: string;
}

export interface OrderFailure {
  readonly kind: AcmeFailureKind;
  readonly message: string;
  /** What was asked for: another wish is tried at once. */
  readonly directory: string;
  readonly hosts: readonly string[];
  /** How many in a row. */
  readonly count: number;
  /** The first of them, milliseconds since the epoch. */
  readonly since: number;
  /** The next try. */
  readonly next: number;
}

const NOTHING: KeptCertificate = { issued: undefined, failure: undefined };

/** Account keys and certificates below one folder, readable by nobody else. Written whole or not at all. */
export class CertificateFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** PEM. Each directory has an account of its own; its key is made when it is asked for first. */
  accountKey(directory: string): string {
    const file = join(this.#folder, "accounts", `${hash("sha256", directory).slice(0, 16)}.key`);
    const kept = readIfThere(file);
    if (kept !== undefined) return kept;
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const text = privateKey.export({ type: "pkcs8", format: "pem" });
    writeWhole(file, text);
    return text;
  }

  /** A file that is not there or cannot be read as one of ours is none: the certificate is ordered anew. */
  read(namespace: string, name: string): KeptCertificate {
    try {
      const kept: unknown = JSON.parse(readFileSync(this.#file(namespace, name), "utf8"));
      return isMap(kept) ? { ...NOTHING, ...kept } : NOTHING;
    } catch {
      return NOTHING;
    }
  }

  write(namespace: string, name: string, kept: KeptCertificate): void {
    writeWhole(this.#file(namespace, name), `${JSON.stringify(kept)}\n`);
  }

  #file(namespace: string, name: string): string {
    return join(this.#folder, "certificates", namespace, `${name}.json`);
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function writeWhole(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}
