// Running other programs during set-up. What they print is kept and shown only when they fail.
import { spawn, spawnSync } from "node:child_process";

const children = new Set();

/**
 * Resolves to {code, output}; a program that does not exist gives code 127 like a shell's. `onText(text)` hears each
 * piece of output when it comes.
 */
export function run(program, args, { onText = () => {}, ...options } = {}) {
  return new Promise((done) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    children.add(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
        onText(text);
      });
    const end = (code) => {
      children.delete(child);
      done({ code, output });
    };
    child.on("error", (error) => {
      output += error.message;
      end(error.code === "ENOENT" ? 127 : 126);
    });
    child.on("close", (code, signal) => end(signal ? 128 : code));
  });
}

/** What a program prints for `--version`, or undefined when it does not run. */
export function versionText(program, args = ["--version"], env = process.env) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", env, timeout: 20_000 });
  return status === 0 ? `${stdout}${stderr}` : undefined;
}

export const lastLines = (text, count = 12) => text.trimEnd().split("\n").slice(-count).join("\n");

/** An interrupted set-up takes its downloads with it; half-made folders are swept up by the next one. */
export function stopChildrenOnSignal() {
  const handlers = [];
  for (const [signal, number] of [
    ["SIGINT", 2],
    ["SIGTERM", 15],
    ["SIGHUP", 1],
  ]) {
    const handler = () => {
      for (const child of children) child.kill("SIGTERM");
      process.exit(128 + number);
    };
    process.on(signal, handler);
    handlers.push([signal, handler]);
  }
  return () => handlers.forEach(([signal, handler]) => process.off(signal, handler));
}
