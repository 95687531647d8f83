import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of the test's own, 0700, removed with all that is in it: `await using dir = await temporaryDirectory();` */
export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}

/** `name` becomes part of the path. It is kept short: a Unix socket's path below it may have at most 107 bytes. */
export async function temporaryDirectory(name = "test"): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), `binnacle-${name}-`));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 }),
  };
}
