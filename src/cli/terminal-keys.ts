import { type CliContext, Stop } from "./context.ts";

const CTRL_C = "\u0003";
const CTRL_Z = "\u001A";
/** An arrow or a function key, or a letter with Alt: letters that are no answer (ECMA-48, 5.4). */
// oxlint-disable-next-line no-control-regex -- they begin with one
const SEQUENCE = /\u001B(?:\[[0-?]*[ -/]*[@-~]|O?.)/g;

/** What a view of its own screen does about keys. */
export interface TerminalKeys extends Disposable {
  /** Fires with a {@link Stop} when `q` or Ctrl-C is typed. */
  readonly signal: AbortSignal;
}

/** What becomes of the screen when Ctrl-Z stops the job, and when it goes on. */
export interface ScreenHolder {
  /** Gives the screen back before the shell has it. */
  readonly suspend: () => void;
  readonly resume: () => void;
}

/**
 * Reads keys one by one until it is disposed of. The terminal then sends no signals of its own for them, so Ctrl-C and Ctrl-Z are
 * here, too. Where the input is no terminal there are no keys.
 */
export function terminalKeys({ stdin }: CliContext, { suspend, resume }: ScreenHolder): TerminalKeys {
  const stop = new AbortController();
  if (stdin?.isTTY !== true || stdin.setRawMode === undefined)
    return { signal: stop.signal, [Symbol.dispose]: () => {} };
  const raw = (on: boolean): unknown => stdin.setRawMode?.(on);
  const goOn = (): void => {
    raw(true);
    resume();
  };
  const read = (chunk: Buffer | string): void => {
    const keys = String(chunk).replaceAll(SEQUENCE, "");
    if (keys.includes(CTRL_C)) stop.abort(new Stop(130));
    else if (/q/i.test(keys)) stop.abort(new Stop(0));
    else if (keys.includes(CTRL_Z)) {
      suspend();
      raw(false);
      // The whole job, as the terminal would: npx and what it started wait for us.
      process.kill(0, "SIGTSTP");
    }
  };
  // A terminal that is gone is told by SIGHUP.
  const ignore = (): void => {};
  raw(true);
  process.on("SIGCONT", goOn);
  stdin.on("data", read).on("error", ignore);
  return {
    signal: stop.signal,
    [Symbol.dispose]: () => {
      process.off("SIGCONT", goOn);
      stdin.off("data", read).off("error", ignore).pause();
      raw(false);
    },
  };
}
