// Debian's Alertmanager opens its notification templates at a fixed path below /usr/share and refuses every
// configuration when they are not there. Unpacked in the cache it must find them without root, also in a container that
// allows no mounts. So the path inside a copy of the program is replaced by one of equal length below /proc/self/fd/9,
// and a two-line script opens the folder of templates as file descriptor 9 before it becomes the program.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lastLines } from "./command.mjs";

const fixed = "/usr/share/prometheus/alertmanager";
const script = `#!/bin/sh
# Opens the templates beside this file where alertmanager.moved looks for them: see setup/alertmanager.mjs.
here=$(dirname "$(readlink -f "$0")")
exec 9<"$here/templates" "$here/alertmanager.moved" "$@"
`;

/** Replaces every \`from\` in \`bytes\` by \`to\`, padded with slashes to the same length. Returns how many there were. */
export function replacePath(bytes, from, to) {
  const padded = Buffer.from(to.padEnd(from.length, "/"));
  if (padded.length !== from.length) throw new Error(`${to} is longer than ${from}`);
  let count = 0;
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + from.length), count++)
    padded.copy(bytes, at);
  return count;
}

export async function relocateAlertmanager(folder, unpacked) {
  const program = readFileSync(join(folder, "alertmanager"));
  if (replacePath(program, fixed, "/proc/self/fd/9") === 0) return [];
  renameSync(join(unpacked, fixed), join(folder, "templates"));
  writeFileSync(join(folder, "alertmanager.moved"), program, { mode: 0o755 });
  rmSync(join(folder, "alertmanager"));
  writeFileSync(join(folder, "alertmanager"), script, { mode: 0o755 });
  const failure = await tryOut(join(folder, "alertmanager"));
  if (failure) throw new Error(`Debian's Alertmanager does not run outside /usr: ${failure}`);
  return [`changed: ${fixed} to a folder beside the program (setup/alertmanager.mjs)`];
}

/** Only a real start shows that the templates are found. Resolves to undefined, or to what went wrong. */
async function tryOut(program) {
  const folder = mkdtempSync(join(tmpdir(), "binnacle-alertmanager-"));
  const config = join(folder, "alertmanager.yml");
  writeFileSync(config, "route: { receiver: none }\nreceivers: [{ name: none }]\n");
  const flags = [
    `--config.file=${config}`,
    `--storage.path=${folder}`,
    "--web.listen-address=127.0.0.1:0",
    "--cluster.listen-address=",
  ];
  try {
    return await new Promise((done) => {
      const child = spawn(program, flags, { stdio: ["ignore", "pipe", "pipe"], timeout: 20_000 });
      let output = "";
      const read = (text) => {
        output += text;
        if (!/listening on/i.test(output)) return;
        child.kill();
        output = undefined;
      };
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (text) => output !== undefined && read(text));
      child.on("error", (error) => done(error.message));
      child.on("close", () => done(output && lastLines(output, 4)));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
