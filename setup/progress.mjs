// Progress goes to stderr, so that `binnacle get … -o json` stays clean. A step that has nothing to do says nothing.
import { describe } from "./problem.mjs";

const tty = process.stderr.isTTY;
const running = new Map();
let started = false;
let ticker;

const seconds = (since) => ((Date.now() - since) / 1000).toFixed(1);
const clear = () => tty && process.stderr.write("\r\u001b[K");

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

/** What a finished step says; nothing was downloaded when another set-up did it meanwhile. */
export const noteOf = (version, size) => (size > 0 ? `${version}, ${megabytes(size)}` : version);

export function say(line) {
  clear();
  process.stderr.write(`${line}\n`);
}

function tick() {
  const slow = [...running].map(([title, { since, note }]) =>
    [`${title} (${Math.round((Date.now() - since) / 1000)} s`, ...(note ? [note] : [])].join(", ").concat(")"),
  );
  if (tty) process.stderr.write(`\r\u001b[K  … ${slow.join(", ")}`.slice(0, process.stderr.columns || 80));
  else say(`  … still working on ${slow.join(", ")}`);
}

/**
 * Runs one step and prints one line when it ends; `work` may return a note (a size, a version) for that line, and may call
 * what it is given with a note on how far it is, for the time until then.
 */
export async function step(title, work) {
  if (!started) say("Setting Binnacle up (what is done once is not done again)");
  started = true;
  const since = Date.now();
  running.set(title, { since });
  if (!ticker) {
    ticker = setInterval(tick, tty ? 500 : 30_000);
    ticker.unref();
  }
  try {
    const note = await work((soFar) => running.set(title, { since, note: soFar }));
    say(`  ${title.padEnd(24)} ${seconds(since).padStart(6)} s${typeof note === "string" ? `  ${note}` : ""}`);
  } finally {
    running.delete(title);
    if (running.size === 0) {
      clearInterval(ticker);
      ticker = undefined;
      clear();
    }
  }
}

export const waitingFor = (what) => (owner) =>
  say(`  waiting for another set-up of ${what} (process ${owner ? owner.pid : "unknown"})`);

export function fail(errors) {
  for (const error of errors) say(describe(error));
  process.exit(1);
}
