import { EVENT_ID, type Event, getScalarValue, parseEvents } from "js-yaml";
import { formatPath, parentPath } from "./field-path.ts";
import { unreachable } from "./unreachable.ts";

/**
 * Where the fields of a document stand. For problems only: it parses the text again, which costs as much as reading it.
 *
 * @param text one that parsed without error
 * @param document which of the text's documents, from 0
 * @returns the 1-based line of a field by its path (see {@link formatPath}); of what is around it when it is missing
 */
export function fieldLines(text: string, document = 0): (path: string) => number {
  const lines = new Map<string, number>();
  new Walk(text, lines).document(document);
  return (path) => {
    let known = path;
    while (known !== "" && !lines.has(known)) known = parentPath(known);
    return lines.get(known) ?? 1;
  };
}

class Walk {
  readonly #text: string;
  readonly #lines: Map<string, number>;
  readonly #events: readonly Event[];
  #next = 0;
  /** The line of `#offset`: fields come in the order of the text, so that counting goes on from the one before. */
  #line = 1;
  #offset = 0;

  constructor(text: string, lines: Map<string, number>) {
    this.#text = text;
    this.#lines = lines;
    this.#events = parseEvents(text, {});
  }

  document(index: number): void {
    for (let seen = 0; this.#next < this.#events.length;) {
      if (this.#events[this.#next++]?.type === EVENT_ID.DOCUMENT && seen++ === index) return this.#node([]);
    }
  }

  #node(path: readonly (string | number)[]): void {
    const event = this.#events[this.#next++];
    if (event === undefined) return;
    const start = startOf(event);
    const key = formatPath(path);
    if (start >= 0 && !this.#lines.has(key)) this.#lines.set(key, this.#lineAt(start));
    if (event.type === EVENT_ID.MAPPING) this.#mapping(path);
    else if (event.type === EVENT_ID.SEQUENCE) this.#sequence(path);
  }

  #mapping(path: readonly (string | number)[]): void {
    for (
      let key = this.#events[this.#next];
      key !== undefined && key.type !== EVENT_ID.POP;
      key = this.#events[this.#next]
    ) {
      const name = key.type === EVENT_ID.SCALAR ? getScalarValue(this.#text, key) : "";
      // A field stands where its name stands.
      if (startOf(key) >= 0) this.#lines.set(formatPath([...path, name]), this.#lineAt(startOf(key)));
      this.#next++;
      this.#node([...path, name]);
    }
    this.#next++;
  }

  #sequence(path: readonly (string | number)[]): void {
    for (let index = 0; this.#events[this.#next]?.type !== EVENT_ID.POP && this.#next < this.#events.length; index++) {
      this.#node([...path, index]);
    }
    this.#next++;
  }

  #lineAt(offset: number): number {
    if (offset < this.#offset) return countLines(this.#text, 0, offset) + 1;
    this.#line += countLines(this.#text, this.#offset, offset);
    this.#offset = offset;
    return this.#line;
  }
}

function startOf(event: Event): number {
  switch (event.type) {
    case EVENT_ID.SCALAR:
      return event.valueStart;
    case EVENT_ID.MAPPING:
    case EVENT_ID.SEQUENCE:
      return event.start;
    case EVENT_ID.ALIAS:
      return event.anchorStart;
    case EVENT_ID.DOCUMENT:
    case EVENT_ID.POP:
      return -1;
    default:
      return unreachable(event);
  }
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}
