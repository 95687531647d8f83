import type { Clock } from "./clock.ts";
import { type Connection, type Environment, readConnection, readText } from "./connection.ts";
import { type ExecCredential, runExecPlugin } from "./exec-credential.ts";
import type { ClusterAccess, Material } from "./kubeconfig.ts";

/** Everything that one request needs to reach the API and to be let in. */
export interface Credentials {
  readonly server: URL;
  readonly tls: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly servername?: string;
    readonly rejectUnauthorized: boolean;
  };
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** The context's own namespace, if it names one. */
  readonly namespace: string | undefined;
}

export interface CredentialOptions {
  readonly connection: Connection;
  readonly environment: Environment;
  readonly clock: Clock;
  /** Milliseconds after which files are read again. */
  readonly rereadAfter: number;
  /** Milliseconds that a credential plugin may take. */
  readonly execTimeout: number;
}

/** A credential is taken for expired this long before it is, in milliseconds. */
const EXPIRY_MARGIN = 30_000;

/**
 * Credentials as they are written now: files are read again now and then, and everything after a 401, so that new ones are
 * taken without a restart. What cannot be read for a moment leaves the last ones in force.
 */
export class CredentialReader {
  readonly #options: CredentialOptions;
  #last: Credentials | undefined;
  #readAt = -Infinity;
  #exec: { readonly key: string; readonly credential: ExecCredential } | undefined;
  #reading: Promise<Credentials> | undefined;

  constructor(options: CredentialOptions) {
    this.#options = options;
  }

  /** Throws in words for a person, without any secret, while there have never been any. */
  async current(): Promise<Credentials> {
    const { clock, rereadAfter } = this.#options;
    const isFresh = clock.monotonic() - this.#readAt < rereadAfter && !this.#execExpired();
    return isFresh && this.#last !== undefined ? this.#last : await this.#readOnce();
  }

  /** The server refused these: the next ones are read anew, and a plugin is run again. */
  async renew(refused: Credentials): Promise<Credentials> {
    // Of many requests that were refused together only the first makes new ones.
    if (this.#last !== refused && this.#last !== undefined) return this.#last;
    this.#exec = undefined;
    return await this.#readOnce();
  }

  #readOnce(): Promise<Credentials> {
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #read(): Promise<Credentials> {
    const { clock } = this.#options;
    try {
      const fresh = await this.#build();
      // The same ones stay the same value, so that connections go on being used.
      if (this.#last === undefined || JSON.stringify(fresh) !== JSON.stringify(this.#last)) this.#last = fresh;
    } catch (error) {
      if (this.#last === undefined || this.#execExpired()) throw error;
    }
    this.#readAt = clock.monotonic();
    return this.#last;
  }

  async #build(): Promise<Credentials> {
    const { connection, environment } = this.#options;
    const { access, directory } = await readConnection(connection, environment);
    const ca = await textOf(access.ca);
    const exec = access.exec === undefined ? undefined : await this.#runExec(access, directory, ca);
    const token = exec?.token ?? (await textOf(access.token))?.trim();
    const cert = exec?.certificate ?? (await textOf(access.certificate));
    const key = exec?.key ?? (await textOf(access.key));
    return {
      server: access.server,
      tls: {
        rejectUnauthorized: !access.skipVerify,
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
        ...(access.serverName === undefined ? {} : { servername: access.serverName }),
      },
      headers: { ...authorization(token, access), ...impersonation(access) },
      namespace: access.namespace,
    };
  }

  async #runExec(
    access: ClusterAccess,
    directory: string,
    ca: string | undefined,
  ): Promise<ExecCredential | undefined> {
    const { exec: plugin, server } = access;
    if (plugin === undefined) return undefined;
    const key = JSON.stringify(plugin);
    if (this.#exec?.key === key && !this.#execExpired()) return this.#exec.credential;
    const { environment, execTimeout: timeout } = this.#options;
    const credential = await runExecPlugin(plugin, {
      directory,
      environment,
      timeout,
      cluster: { server: server.href, ca },
    });
    this.#exec = { key, credential };
    return credential;
  }

  #execExpired(): boolean {
    const expires = this.#exec?.credential.expires;
    return expires !== undefined && expires - EXPIRY_MARGIN < this.#options.clock.now();
  }
}

async function textOf(material: Material | undefined): Promise<string | undefined> {
  if (material === undefined) return undefined;
  return "text" in material ? material.text : await readText(material.file);
}

function authorization(token: string | undefined, { basic }: ClusterAccess): Record<string, string> {
  if (token !== undefined && token !== "") return { authorization: `Bearer ${token}` };
  if (basic === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString("base64")}` };
}

/** https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/ */
function impersonation({ impersonate }: ClusterAccess): Record<string, string | readonly string[]> {
  if (impersonate === undefined) return {};
  const { user, uid, groups } = impersonate;
  return {
    "impersonate-user": user,
    ...(uid === undefined ? {} : { "impersonate-uid": uid }),
    ...(groups.length === 0 ? {} : { "impersonate-group": groups }),
  };
}
