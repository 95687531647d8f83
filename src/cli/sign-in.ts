import type { SignInLinkAnswer } from "#api/answers.ts";
import { apiClient } from "./api-client.ts";
import type { CliContext } from "./context.ts";
import { type LocationFlags, stateDirectoryOf } from "./locations.ts";

/** `binnacle sign-in`: a fresh link to the console; it signs in once. */
export async function signIn(flags: LocationFlags, context: CliContext): Promise<number> {
  const client = await apiClient(stateDirectoryOf(flags, context), context.signal);
  const { url, until } = await client.post<SignInLinkAnswer>("/sign-in-links");
  context.stdout.write(`${url}\n`);
  context.stderr.write(`It signs in once, until ${new Date(until).toISOString().slice(11, 16)} UTC.\n`);
  return 0;
}
