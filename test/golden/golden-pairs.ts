import { type Certificate, certificateAuthority } from "../integration/support/certificate.ts";

/** Certificates made for a run, by the name that a case gives them: `certificate NAME` and `key NAME` stand for one. */
export class GoldenPairs {
  readonly #authority = certificateAuthority();
  readonly #byName = new Map<string, Certificate>();

  fill(document: unknown): unknown {
    return JSON.parse(JSON.stringify(document), (_key, value: unknown) => {
      const [, part, name] = typeof value === "string" ? (/^(certificate|key) ([\w.-]+)$/.exec(value) ?? []) : [];
      if (part === undefined || name === undefined) return value;
      const pair = this.#byName.get(name) ?? this.#authority.issue([name]);
      this.#byName.set(name, pair);
      return part === "certificate" ? pair.cert : pair.key;
    });
  }

  nameOf(pem: string): string {
    for (const [name, { cert, key }] of this.#byName) {
      if (pem === cert || pem === cert.trim()) return `certificate ${name}`;
      if (pem === key) return `key ${name}`;
    }
    throw new Error("an item holds a certificate that is none of the case's");
  }
}
