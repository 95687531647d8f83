import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { Writable } from "node:stream";
import { tokenHash } from "#api/auth/users.ts";
import { hashPassword } from "#lib/password-hash.ts";
import { type CliContext, CommandError } from "./context.ts";

/** NIST SP 800-63B asks for more than 8 where a password is all there is. */
const SHORTEST = 12;

/** `binnacle user hash`: reads a password, twice and unseen at a terminal, and prints what binnacle.yaml takes. */
export async function userHash(context: CliContext): Promise<number> {
  const password = await readPassword(context);
  if (password.length < SHORTEST) {
    throw new CommandError(`the password has ${password.length} characters`, `take one of at least ${SHORTEST}`);
  }
  context.stdout.write(`${await hashPassword(password)}\n`);
  context.stderr.write("This is the user's passwordHash, below api.users in binnacle.yaml.\n");
  return 0;
}

/** `binnacle user token`: prints a new token, which is kept nowhere, and what binnacle.yaml takes. */
export async function userToken(context: CliContext): Promise<number> {
  const token = newToken();
  context.stdout.write(`${token}\n`);
  context.stderr.write(`${howToAllow(token)}\n`);
  return 0;
}

/** 256 random bits; the beginning tells those who find one lying about what it is. */
export function newToken(): string {
  return `binnacle_${randomBytes(32).toString("base64url")}`;
}

/** For people: what makes a new token good. */
export function howToAllow(token: string): string {
  return `It lets in once this stands among the user's tokenHashes, below api.users in binnacle.yaml:\n  - ${tokenHash(token)}`;
}

async function readPassword(context: CliContext): Promise<string> {
  const { stdin } = context;
  if (stdin === undefined) throw new CommandError("there is no standard input", "give the password on it");
  if (stdin.isTTY !== true) return (await text(stdin)).replace(/\r?\n$/, "");
  const first = await ask("Password: ", context);
  if ((await ask("Again: ", context)) !== first) throw new CommandError("the two are not the same", "try again");
  return first;
}

/** One line that is typed unseen. */
async function ask(question: string, { stdin, stderr, signal }: CliContext): Promise<string> {
  if (stdin === undefined) throw new CommandError("there is no standard input", "give the password on it");
  stderr.write(question);
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: stdin, output: unseen, terminal: true });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const stop = (): void => reject(new CommandError("stopped"));
  terminal.once("line", resolve).once("SIGINT", stop).once("close", stop);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", stop);
    terminal.close();
    stderr.write("\n");
  }
}
