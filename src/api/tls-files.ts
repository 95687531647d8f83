import { readFile } from "node:fs/promises";
import type { Server } from "node:https";
import { contentHash } from "#lib/canonical.ts";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";

/** PEM files: the certificate with its chain, and its key. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Milliseconds between looks at the files: a renewal is taken up without a restart. */
const LOOK_EVERY = 30_000;

export async function readTlsFiles(files: TlsFiles): Promise<{ cert: string; key: string }> {
  try {
    const [cert, key] = await Promise.all([readFile(files.certificate, "utf8"), readFile(files.key, "utf8")]);
    return { cert, key };
  } catch (cause) {
    throw new Error("cannot read the API's certificate and key; correct api.tls in binnacle.yaml", { cause });
  }
}

/** Gives `server` the files' content whenever it changes. A pair that does not fit leaves the one in use. */
export function followTlsFiles(
  server: Server,
  files: TlsFiles,
  first: { cert: string; key: string },
  log: Logger,
): Disposable {
  let known = contentHash(first);
  async function look(): Promise<void> {
    try {
      const pair = await readTlsFiles(files);
      if (contentHash(pair) === known) return;
      server.setSecureContext({ ...pair, minVersion: "TLSv1.2" });
      known = contentHash(pair);
      log.info("the API's certificate was renewed", { file: files.certificate });
    } catch (error) {
      log.warn("the API's certificate is not renewed, the one before goes on", { error: errorMessage(error) });
    }
  }
  const timer = setInterval(() => void look(), LOOK_EVERY).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
