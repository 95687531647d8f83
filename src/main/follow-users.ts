import { readFile } from "node:fs/promises";
import type { UserSettings } from "#api/auth/users.ts";
import { loadConfig } from "#config/load-config.ts";
import { canonicalJson, contentHash } from "#lib/canonical.ts";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { formatProblem } from "#lib/problem.ts";

export interface FollowUsersOptions {
  /** The configuration file. */
  readonly file: string;
  /** Those of the start. */
  readonly users: readonly UserSettings[];
  readonly apply: (users: readonly UserSettings[]) => void;
  readonly log: Logger;
  /** Milliseconds between looks at the file. */
  readonly every?: number;
}

const EVERY = 2000;

/**
 * Takes `api.users` from the configuration file again whenever it changes: who leaves must not need a restart. Of the other
 * settings nothing is taken. A file that cannot be read or has problems leaves the users as they are, and says so. It counts
 * once two looks in a row find the same: an editor that begins by emptying the file must not sign everybody out.
 */
export function followUsers({ file, users, apply, log, every = EVERY }: FollowUsersOptions): Disposable {
  let seen: string | undefined;
  let before: string | undefined;
  let known = canonicalJson(users);

  function take(text: string): void {
    const { config, problems } = loadConfig(text, file);
    if (config === undefined) {
      const words = problems.map(formatProblem).join("; ");
      return log.error("the configuration has problems, its users stay as they were", { file, problems: words });
    }
    const { users: found } = config.api;
    if (canonicalJson(found) === known) return;
    known = canonicalJson(found);
    apply(found);
    log.info("users changed", { file, users: found.length });
  }

  async function look(): Promise<void> {
    try {
      const text = await readFile(file, "utf8");
      const hash = contentHash(text);
      const isSettled = hash === before;
      before = hash;
      // The first looks also take what changed since the start began.
      if (hash === seen || !isSettled) return;
      seen = hash;
      take(text);
    } catch (error) {
      if (seen !== "") log.warn("cannot read the configuration, its users stay as they were", words(error));
      seen = "";
    }
  }

  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look().finally(() => {
      looking = false;
    });
  }, every).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function words(error: unknown): { readonly error: string } {
  return { error: errorMessage(error) };
}
