import { hash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { hasCode } from "#lib/error-code.ts";
import { replaceFile } from "#lib/replace-file.ts";
import { isMap } from "#lib/schema-rules.ts";
import {
  type CertificateName,
  type CertificateRecords,
  type CertificateWriter,
  type KeptCertificate,
  NOTHING_RECORDED,
  type RecordedCertificate,
} from "./certificate-records.ts";
import { newAccountKey } from "./keys.ts";

/** Account keys and certificates below one folder, readable by nobody else. Written whole or not at all. */
export class CertificateFiles implements CertificateRecords, CertificateWriter {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async accountKey(directory: string): Promise<string> {
    const file = join(this.#folder, "accounts", `${hash("sha256", directory).slice(0, 16)}.key`);
    const kept = readIfThere(file);
    if (kept !== undefined) return kept;
    const text = await newAccountKey();
    writeWhole(file, text);
    return text;
  }

  /** A file that is not there or cannot be read as one of ours is none: the certificate is ordered anew. */
  read(certificate: CertificateName): RecordedCertificate {
    try {
      const kept: unknown = JSON.parse(readFileSync(this.#file(certificate), "utf8"));
      return isMap(kept) ? { ...NOTHING_RECORDED, ...kept } : NOTHING_RECORDED;
    } catch {
      return NOTHING_RECORDED;
    }
  }

  /** Whoever orders here serves as well, and an order does not outlive the process. */
  async publish(): Promise<void> {}

  async keep(certificate: CertificateName, kept: KeptCertificate): Promise<void> {
    writeWhole(this.#file(certificate), `${JSON.stringify(kept)}\n`);
  }

  #file({ namespace, name }: CertificateName): string {
    return join(this.#folder, "certificates", namespace, `${name}.json`);
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

function writeWhole(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  replaceFile(file, text);
}
