import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { compareText } from "#lib/compare.ts";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { replaceFile } from "#lib/replace-file.ts";
import { isMap } from "#lib/schema-rules.ts";

/** A name that nobody asked about for so long is forgotten, in milliseconds. */
const FORGOTTEN_AFTER = 30 * 24 * 3_600_000;
const WRITE_DELAY = 200;

interface Answer {
  readonly addresses: readonly string[];
  /** When it was heard or confirmed, milliseconds since the epoch. */
  readonly at: number;
}

/** The last answer of each name, kept in a file over restarts: `{"db.example.com": {"addresses": ["10.0.0.1"], "at": 0}}`. */
export class LastAnswers implements Disposable {
  readonly #file: string;
  readonly #now: () => number;
  readonly #log: Logger;
  readonly #answers: Map<string, Answer>;
  #timer: NodeJS.Timeout | undefined;
  #failing = false;

  /** A file that is not there or cannot be read is an empty one: DNS has it all. */
  constructor(file: string, now: () => number, log: Logger) {
    this.#file = file;
    this.#now = now;
    this.#log = log;
    this.#answers = read(file);
  }

  get(host: string): readonly string[] | undefined {
    return this.#answers.get(host)?.addresses;
  }

  set(host: string, addresses: readonly string[]): void {
    const isNew = !isDeepStrictEqual(this.get(host), addresses);
    this.#answers.set(host, { addresses, at: this.#now() });
    if (isNew) this.#timer ??= setTimeout(() => this.#write(), WRITE_DELAY).unref();
  }

  [Symbol.dispose](): void {
    if (this.#timer !== undefined) this.#write();
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const oldest = this.#now() - FORGOTTEN_AFTER;
    for (const [host, { at }] of this.#answers) if (at < oldest) this.#answers.delete(host);
    const sorted = [...this.#answers].sort(([a], [b]) => compareText(a, b));
    try {
      replaceFile(this.#file, JSON.stringify(Object.fromEntries(sorted)));
      this.#failing = false;
    } catch (error) {
      // The next answer that is new tries it again.
      if (!this.#failing) {
        this.#log.warn("the last answers of DNS cannot be kept; a start without DNS would not know them", {
          error: errorMessage(error),
        });
      }
      this.#failing = true;
    }
  }
}

function read(file: string): Map<string, Answer> {
  const found = new Map<string, Answer>();
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return found;
  }
  for (const [host, answer] of Object.entries(isMap(content) ? content : {})) {
    if (!isMap(answer)) continue;
    const { addresses, at } = answer;
    if (
      Array.isArray(addresses) &&
      addresses.every((one) => typeof one === "string" && isIP(one) !== 0) &&
      typeof at === "number"
    )
      found.set(host, { addresses: addresses as string[], at });
  }
  return found;
}
