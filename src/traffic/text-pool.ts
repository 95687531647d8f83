/** Texts that are kept at a time. */
const MOST = 20_000;

/**
 * Equal texts as one: what comes out of the receiver's thread is a text of its own each time, though most say the same
 * (methods, agents, addresses). Bounded: when it is full it begins anew.
 */
export class TextPool {
  #texts = new Map<string, string>();

  shared(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= MOST) this.#texts = new Map();
    this.#texts.set(text, text);
    return text;
  }
}
