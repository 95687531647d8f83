const LINE = /^\[[^\]]*\]\[(critical|error)\]\[[^\]]*\] (.*)$/;
const INITIALIZING = /^error `([\s\S]*?)` initializing config/;
/** Envoy quotes the whole bootstrap where it cannot parse it. */
const MAX_WORDS = 500;
const FAULT = /^Caught (.*?),? suspect faulting address/;

/**
 * Why Envoy ended, in its own words, from what it wrote to its log; undefined when it said nothing of it. Of several
 * complaints the last critical one is the reason; Envoy's wrapping around it is left out.
 */
export function lastWords(log: string): string | undefined {
  const entries = logEntries(log);
  const faults = entries.flatMap(({ text }) => FAULT.exec(text)?.[1] ?? []);
  if (faults.length > 0) return `crashed: ${faults[0]}`;
  const last = entries.findLast(({ level }) => level === "critical") ?? entries.at(-1);
  if (last === undefined) return plainWords(log);
  return (INITIALIZING.exec(last.text)?.[1] ?? last.text).trim().slice(0, MAX_WORDS);
}

/**
 * One sentence of how it ended (`was ended by SIGSEGV`) and why. A process that was told to end, or killed from outside,
 * had no chance to say anything of it: what stands last in its log then is something else.
 */
export function endReason(exit: string | undefined, log: string): string {
  if (exit === undefined) return "ended, and so did the shell that would have noted how";
  if (exit.endsWith("SIGKILL")) return `${exit}, as the kernel does when memory runs out`;
  const words = /SIGTERM|code 0$/.test(exit) ? undefined : lastWords(log);
  return words === undefined ? exit : `${exit}: ${words}`;
}

/** Critical lines and errors, with the lines that follow them without a head of their own. */
function logEntries(log: string): readonly { readonly level: string; readonly text: string }[] {
  const entries: { level: string; text: string }[] = [];
  let open = false;
  for (const line of log.split("\n")) {
    const [, level, text] = LINE.exec(line) ?? [];
    const last = entries.at(-1);
    if (level !== undefined && text !== undefined) {
      entries.push({ level, text });
      open = true;
    } else if (line.startsWith("[")) {
      open = false;
    } else if (open && last !== undefined) {
      last.text += `\n${line}`;
    }
  }
  return entries;
}

/** What the loader or the shell says has no head at all. */
function plainWords(log: string): string | undefined {
  return log
    .split("\n")
    .map((line) => line.trim())
    .findLast((line) => line !== "" && !line.startsWith("["));
}
