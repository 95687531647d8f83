import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { Shell } from "#cli/completion/shells.ts";
import { unreachable } from "#lib/unreachable.ts";
import { Terminal } from "./terminal.ts";

const run = promisify(execFile);
const PROMPT = "ready> ";

/** A shell that has read our completions. What is `typed` stands behind `binnacle `; its last word is the one that is completed. */
export interface CompletingShell extends AsyncDisposable {
  /** What it offers for the last word; sorted, without what only marks a folder or a value to come. */
  offers(typed: string): Promise<readonly string[]>;
}

export interface CompletingBash extends CompletingShell {
  /** The line as it is after a TAB, without `binnacle `. */
  completes(typed: string): Promise<string>;
}

/** Why a shell cannot be asked here; false when it can. bash always can: every Debian has it. */
export function whyNot(shell: Shell): string | false {
  const isHere = (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, shell), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  return isHere || shell === "bash" ? false : `${shell} is not on this machine`;
}

/** @param folder where it is, with files to complete; files of its own come into it, hidden */
export async function completingShell(shell: Shell, folder: string, script: string): Promise<CompletingShell> {
  switch (shell) {
    case "bash":
      return completingBash(folder, script);
    case "fish":
      return fish(folder, await scriptFile(folder, script));
    case "zsh":
      return zsh(folder, await scriptFile(folder, script));
    default:
      return unreachable(shell);
  }
}

async function scriptFile(folder: string, script: string): Promise<string> {
  const file = join(folder, ".completions");
  await writeFile(file, script);
  return file;
}

/** As {@link completingShell}. */
export async function completingBash(folder: string, script: string): Promise<CompletingBash> {
  const file = await scriptFile(folder, script);
  const terminal = new Terminal(`cd "${folder}"; exec bash --norc --noprofile -i`, { PS1: PROMPT });
  await terminal.shows(PROMPT);
  terminal.type(`source "${file}"; bind -x '"\\C-o": echo "<$READLINE_LINE>"'\n`);
  await terminal.shows(PROMPT);
  const ask = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _binnacle; printf "%s\\n" "${COMPREPLY[@]}"';
  return {
    offers: async (typed) => {
      const words = ["binnacle", ...typed.split(" ")];
      return offered((await run("bash", ["--norc", "-c", ask, file, ...words], { cwd: folder })).stdout);
    },
    completes: async (typed) => {
      terminal.type(`binnacle ${typed}\t\u000F`);
      await terminal.shows("<binnacle ");
      const line = await terminal.shows(">\r\n");
      terminal.type("\u0015");
      return line.slice(0, -3);
    },
    [Symbol.asyncDispose]: () => terminal[Symbol.asyncDispose](),
  };
}

function fish(folder: string, script: string): CompletingShell {
  return {
    offers: async (typed) => {
      const ask = `source ${script}; complete -C ${JSON.stringify(`binnacle ${typed}`)}`;
      const { stdout } = await run("fish", ["--no-config", "-c", ask], { cwd: folder });
      return offered(stdout.replaceAll(/\t.*/g, ""));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** In zsh a completion works only in its line editor: a key notes what `compadd` is given that fits. */
const ZSH_NOTES = `
autoload -Uz compinit
compinit -u -D
source SCRIPT
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
  local -a fitting
  builtin compadd -A fitting "$@"
  print -rl -- $fitting >> NOTES
  builtin compadd "$@"
}
note() { _main_complete; compstate[insert]= compstate[list]=; print -r -- "<noted>" }
zle -C note list-choices note
bindkey '^I' note
`;

async function zsh(folder: string, script: string): Promise<CompletingShell> {
  const notes = `${script}.notes`;
  const setUp = `${script}.zsh`;
  await writeFile(setUp, ZSH_NOTES.replace("SCRIPT", script).replace("NOTES", notes));
  const terminal = new Terminal(`cd "${folder}"; exec zsh -f -i`, { PS1: PROMPT });
  await terminal.shows(PROMPT);
  terminal.type(`source "${setUp}"\n`);
  await terminal.shows(PROMPT);
  return {
    offers: async (typed) => {
      await rm(notes, { force: true });
      terminal.type(`binnacle ${typed}\t`);
      await terminal.shows("<noted>");
      terminal.type("\u0015");
      return offered(await readFile(notes, "utf8").catch(() => ""));
    },
    [Symbol.asyncDispose]: () => terminal[Symbol.asyncDispose](),
  };
}

function offered(lines: string): readonly string[] {
  const words = lines.split("\n").map((line) => line.replace(/[/=]$/, ""));
  return [...new Set(words.filter((word) => word !== ""))].sort();
}
