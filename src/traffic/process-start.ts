/**
 * Tells one process of Envoy's from the next by its `/server_info`, which gives an age in whole seconds: each answer says
 * between which two times the process began, and all answers of one process agree.
 */
export class ProcessStart {
  /** The process began after the one and not after the other; milliseconds of a clock that never jumps. */
  #after = Number.NEGATIVE_INFINITY;
  #notAfter = Number.POSITIVE_INFINITY;

  /**
   * Whether the answer, asked for and given at those times, is another process's than the one before; false for the
   * first. Throws when it has no age in it.
   */
  isAnother(serverInfo: Uint8Array, asked: number, given: number): boolean {
    const age = ageOf(serverInfo) * 1000;
    const [after, notAfter] = [asked - age - 1000, given - age];
    if (after < this.#notAfter && notAfter > this.#after) {
      this.#after = Math.max(this.#after, after);
      this.#notAfter = Math.min(this.#notAfter, notAfter);
      return false;
    }
    [this.#after, this.#notAfter] = [after, notAfter];
    return true;
  }
}

const FIELD = '"uptime_current_epoch"';

/** Seconds. The page has 120 KB, nearly all of it names of extensions, so it is searched and not parsed. */
function ageOf(serverInfo: Uint8Array): number {
  const page = Buffer.from(serverInfo.buffer, serverInfo.byteOffset, serverInfo.byteLength);
  const at = page.indexOf(FIELD) + FIELD.length;
  const uptime = at < FIELD.length ? null : /^\s*:\s*"(\d+)s"/.exec(page.toString("latin1", at, at + 40));
  if (uptime === null) throw new Error("Envoy's /server_info has no uptime_current_epoch");
  return Number(uptime[1]);
}
