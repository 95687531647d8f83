import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { errorMessage } from "#lib/error-message.ts";
import { PlatformError } from "../../platform-error.ts";

/** Who asks: keys, and a session's token where they are of a session. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export interface CredentialsProvider {
  /** Throws {@link PlatformError} of the kind `credentials` (or `timeout`) when there are none, and the signal's reason when it says stop. */
  get(signal: AbortSignal): Promise<Credentials>;
  /** They were refused: the next question is asked with those that there are then. */
  forget(): void;
}

export interface CredentialSources {
  /** A profile of the shared files, which may name a role to assume; the environment comes first unless given. */
  readonly profile?: string;
  /** Instead of `~/.aws/credentials`. */
  readonly credentialsFile?: string;
  /** Milliseconds for those who are asked for them. */
  readonly timeout: number;
}

/**
 * AWS' own order: environment, shared files (with roles that are assumed), container, instance profile (by IMDSv2). Those of a
 * session are renewed before they end; those of a file are read again when they were refused.
 */
export class DefaultCredentials implements CredentialsProvider {
  readonly #sources: CredentialSources;
  #provider: ReturnType<typeof defaultProvider> | undefined;

  constructor(sources: CredentialSources) {
    this.#sources = sources;
  }

  async get(signal: AbortSignal): Promise<Credentials> {
    const { profile, credentialsFile, timeout } = this.#sources;
    signal.throwIfAborted();
    const limit = AbortSignal.timeout(timeout);
    this.#provider ??= defaultProvider({
      // A file that was read once would stay as it was until the process ends.
      ignoreCache: true,
      ...(profile === undefined ? {} : { profile }),
      ...(credentialsFile === undefined ? {} : { filepath: credentialsFile }),
    });
    try {
      return await unlessAborted(this.#provider(), AbortSignal.any([signal, limit]));
    } catch (error) {
      signal.throwIfAborted();
      this.forget();
      if (limit.aborted) throw new PlatformError(`no credentials within ${timeout} ms`, { kind: "timeout" });
      throw new PlatformError(`no credentials: ${errorMessage(error)}`, { kind: "credentials", cause: error });
    }
  }

  forget(): void {
    this.#provider = undefined;
  }
}

/** AWS' providers take no signal: a server that is asked for credentials and keeps silent must not keep us. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(signal.reason);
  signal.addEventListener("abort", leave, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
