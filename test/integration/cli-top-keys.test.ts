import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join, resolve } from "node:path";
import { suite, test } from "node:test";
import { ApiSetting } from "../browser/simulated/api-setting.ts";
import { listeningPort } from "./support/free-port.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { Terminal } from "./support/terminal.ts";

const CLI = resolve(import.meta.dirname, "../../src/cli.ts");
const OWN_SCREEN = "\u001B[?1049h";
const SHELLS_SCREEN = "\u001B[?1049l";
const KEYS = { "\u0003": 130, q: 0 };

function topOf(state: string): string {
  return `"${process.execPath}" "${CLI}" top --state "${state}"`;
}

/** As the control plane announces its API to commands. */
async function announce(state: string, url: string, token: string): Promise<void> {
  await writeFile(join(state, "api-address"), `${url}\n`);
  await writeFile(join(state, "token"), `${token}\n`);
}

suite("binnacle top at a terminal", () => {
  for (const [key, exitCode] of Object.entries(KEYS)) {
    test(`${JSON.stringify(key)} ends it and gives the terminal back as it was`, async (t) => {
      const { api, token, stateDirectory } = await ApiSetting.start(t);
      await announce(stateDirectory, api.url, token);
      await using terminal = new Terminal(`${topOf(stateDirectory)}; echo "code $?"; stty -a`);
      await terminal.shows(OWN_SCREEN);
      await terminal.shows("UPSTREAM");
      // An arrow, and a letter that means nothing.
      terminal.type("\u001B[Ax");
      terminal.type(key);
      await terminal.shows(SHELLS_SCREEN);
      await terminal.shows(`code ${exitCode}`);
      assert.match(await terminal.shows(" iexten"), /\sisig icanon /);
      assert.equal(await terminal.ended(), 0);
    });

    test(`${JSON.stringify(key)} ends it also where the API hangs`, async () => {
      await using home = await temporaryDirectory("top-hangs");
      const silent = createServer().listen(0, "127.0.0.1");
      try {
        await once(silent, "listening");
        await announce(home.path, `http://127.0.0.1:${listeningPort(silent)}`, "t".repeat(43));
        const asked = once(silent, "connection");
        await using terminal = new Terminal(topOf(home.path));
        const [socket] = (await asked) as [Socket];
        terminal.type(key);
        assert.equal(await terminal.ended(), exitCode);
        socket.destroy();
      } finally {
        silent.close();
      }
    });
  }

  test("Ctrl-Z gives the shell its screen; fg draws it anew", async (t) => {
    const { api, token, stateDirectory } = await ApiSetting.start(t);
    await announce(stateDirectory, api.url, token);
    await using terminal = new Terminal("bash --norc --noprofile -i", { PS1: "ready> " });
    await terminal.shows("ready> ");
    terminal.type(`${topOf(stateDirectory)}\n`);
    await terminal.shows(OWN_SCREEN);
    terminal.type("\u001A");
    await terminal.shows(SHELLS_SCREEN);
    await terminal.shows("Stopped");
    await terminal.shows("ready> ");
    terminal.type("fg\n");
    await terminal.shows(OWN_SCREEN);
    terminal.type("q");
    await terminal.shows(SHELLS_SCREEN);
    await terminal.shows("ready> ");
    terminal.type("exit\n");
    assert.equal(await terminal.ended(), 0);
  });
});
