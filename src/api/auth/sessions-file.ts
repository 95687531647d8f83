import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "#lib/error-code.ts";
import { z } from "zod";
import { secretHash } from "./same-secret.ts";
import type { SessionStorage, StoredSession } from "./sessions.ts";

/** The file in the state directory that holds the sessions' hashes. */
export const SESSIONS_FILE = "sessions.json";

const scopeSchema = z.union([z.literal("all"), z.array(z.string())]);

const fileSchema = z.object({
  token: z.string(),
  sessions: z.array(
    z.object({
      hash: z.string(),
      name: z.string(),
      namespaces: scopeSchema,
      operates: scopeSchema,
      admin: z.boolean(),
      grounds: z.union([
        z.object({ type: z.literal("token") }),
        z.object({ type: z.literal("user"), name: z.string(), mark: z.string() }),
      ]),
      since: z.number(),
      used: z.number(),
    }),
  ),
});

/**
 * Sessions in a file of the state directory. They belong to the token that they were begun with: a new token ends them
 * all. A file that cannot be understood is as good as none, since signing in again mends it.
 */
export function sessionsFile(stateDirectory: string, token: string): SessionStorage {
  const path = join(stateDirectory, SESSIONS_FILE);
  const tokenHash = secretHash(`sessions of ${token}`).toString("base64url");
  let saved: Promise<void> = Promise.resolve();

  async function load(): Promise<readonly StoredSession[]> {
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if (hasCode(error, "ENOENT")) return [];
      throw error;
    }
    const parsed = fileSchema.safeParse(parseJson(text));
    return parsed.success && parsed.data.token === tokenHash ? parsed.data.sessions : [];
  }

  async function write(text: string): Promise<void> {
    const draft = `${path}.new`;
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, path);
  }

  return {
    load,
    /** One write at a time, in order. */
    save(sessions) {
      const text = `${JSON.stringify({ token: tokenHash, sessions })}\n`;
      saved = saved.then(
        () => write(text),
        () => write(text),
      );
      return saved;
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
