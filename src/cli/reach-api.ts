import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type ApiClient, apiClient, remoteClient } from "./api-client.ts";
import { type CliContext, CommandError, UsageError } from "./context.ts";
import { type LocationFlags, stateDirectoryOf } from "./locations.ts";

export interface ReachFlags extends LocationFlags {
  /** Where the API is, for a user who cannot read the state directory. */
  readonly api?: string;
  /** File with the user's token. */
  readonly tokenFile?: string;
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * The API that a command asks: as a user, where flags or environment (BINNACLE_API, BINNACLE_TOKEN_FILE) say so; else that of
 * the state directory, with its own token.
 */
export async function reachApi(flags: ReachFlags, context: CliContext): Promise<ApiClient> {
  const { env, cwd } = context;
  const api = flags.api ?? (flags.state === undefined ? env["BINNACLE_API"] : undefined);
  if (api === undefined) return apiClient(stateDirectoryOf(flags, context), context.signal);
  const url = checkedUrl(api);
  const file = flags.tokenFile ?? env["BINNACLE_TOKEN_FILE"];
  if (file === undefined) {
    throw new CommandError(`there is no token for ${api}`, "name a file that holds yours with --token-file FILE");
  }
  const token = await readFile(resolve(cwd, file), "utf8").catch((cause: unknown) => {
    throw new CommandError(`could not read the token ${file}`, "name another file with --token-file FILE", { cause });
  });
  // What else stands in the file is kept out of messages: it may be a secret of another sort.
  if (!/^[!-~]+$/.test(token.trim())) {
    throw new CommandError(`${file} holds no token`, "name a file with the token alone, on one line");
  }
  return remoteClient({ url, token: token.trim(), tokenFile: file }, context.signal);
}

/** Without a slash at the end. */
function checkedUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`${text} is no address of an API`, "write one such as https://binnacle.example.com");
  }
  if (url.protocol === "http:" && !LOOPBACK.has(url.hostname) && !url.hostname.endsWith(".localhost")) {
    throw new UsageError(`the token would cross the network to ${url.host} in the clear`, "use https");
  }
  return url.origin;
}
