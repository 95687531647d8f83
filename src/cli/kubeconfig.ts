import { X509Certificate } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { dump } from "js-yaml";
import { KUBE_PREFIX } from "#api/ports/kube.ts";
import { API_TLS_FOLDER, AUTHORITY_CERTIFICATE_FILE } from "#api/tls/own-authority.ts";
import { apiClient } from "./api-client.ts";
import { type CliContext, CommandError, UsageError } from "./context.ts";
import { type LocationFlags, stateDirectoryOf } from "./locations.ts";
import { howToAllow, newToken } from "./user.ts";

export interface KubeconfigFlags extends LocationFlags {
  /** File to write; standard output without it. */
  readonly output?: string;
  /** Where kubectl finds the API, when that is not where it listens. */
  readonly server?: string;
  /** PEM file of whoever signed the API's certificate, when that is not its own authority. */
  readonly certificateAuthority?: string;
  /** Whose it is; the operator's without it. */
  readonly user?: string;
  /** File with the user's token, `-` for standard input; without it a new one is made. */
  readonly tokenFile?: string;
  /** The namespace that is meant where none is named. */
  readonly namespace?: string;
}

/** `binnacle kubeconfig`: what kubectl needs to read the objects of the appliance that runs. It holds a token. */
export async function kubeconfig(flags: KubeconfigFlags, context: CliContext): Promise<number> {
  const stateDirectory = stateDirectoryOf(flags, context);
  const { url, token: own } = await apiClient(stateDirectory, context.signal);
  const { name: user, token, isNew } = await holderOf(flags, own, context);
  const server = new URL(flags.server ?? url);
  // The same port takes both; kubectl sends credentials over TLS only.
  server.protocol = "https:";
  const authority = await authorityOf(flags, context, { stateDirectory, isOwn: url.startsWith("http:") });
  const name = "binnacle";
  const text = dump({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name,
        cluster: {
          server: `${server.origin}${KUBE_PREFIX}`,
          ...(authority === undefined ? {} : { "certificate-authority-data": authority.toString("base64") }),
        },
      },
    ],
    users: [{ name: user, user: { token } }],
    contexts: [
      {
        name: user,
        context: {
          cluster: name,
          user,
          ...(flags.namespace === undefined ? {} : { namespace: flags.namespace }),
        },
      },
    ],
    "current-context": user,
  });
  if (isNew) context.stderr.write(`${howToAllow(token)}\n`);
  if (flags.output === undefined) {
    context.stdout.write(text);
    return 0;
  }
  const file = resolve(context.cwd, flags.output);
  const draft = `${file}.new`;
  await writeFile(draft, text, { mode: 0o600 }).catch((cause: unknown) => {
    throw new CommandError(`could not write ${file}`, "name another file with --output FILE", { cause });
  });
  await rename(draft, file);
  context.stdout.write(`${file} is written; use it with: kubectl --kubeconfig ${file} get ingresses -A\n`);
  return 0;
}

/** Who will hold the file, under which name of kubectl's, and the token that they come in with. */
async function holderOf(
  { user, tokenFile }: KubeconfigFlags,
  own: string,
  { cwd, stdin }: CliContext,
): Promise<{ readonly name: string; readonly token: string; readonly isNew: boolean }> {
  if (user === undefined) {
    if (tokenFile !== undefined) throw new UsageError("--token-file needs --user", "say whose token it is");
    return { name: "binnacle", token: own, isNew: false };
  }
  const name = `binnacle-${user}`;
  if (tokenFile === undefined) return { name, token: newToken(), isNew: true };
  const words = `could not read the token ${tokenFile === "-" ? "from standard input" : resolve(cwd, tokenFile)}`;
  const read = tokenFile === "-" && stdin !== undefined ? textOf(stdin) : readFile(resolve(cwd, tokenFile), "utf8");
  const token = await read.catch((cause: unknown) => {
    throw new CommandError(words, "name a file that holds it with --token-file FILE", { cause });
  });
  if (!/^\S+$/.test(token.trim())) throw new CommandError(`${words}: it is none`, "a token is one word");
  return { name, token: token.trim(), isNew: false };
}

/** Undefined: the system's own list of authorities decides. */
async function authorityOf(
  { certificateAuthority }: KubeconfigFlags,
  { cwd }: CliContext,
  { stateDirectory, isOwn }: { readonly stateDirectory: string; readonly isOwn: boolean },
): Promise<Buffer | undefined> {
  if (certificateAuthority === undefined && !isOwn) return undefined;
  const file =
    certificateAuthority === undefined
      ? join(stateDirectory, API_TLS_FOLDER, AUTHORITY_CERTIFICATE_FILE)
      : resolve(cwd, certificateAuthority);
  try {
    const pem = await readFile(file);
    // What is handed on must hold no key.
    if (/PRIVATE KEY/.test(pem.toString())) throw new Error("it holds a private key");
    new X509Certificate(pem).toString();
    return pem;
  } catch (cause) {
    throw new CommandError(
      `could not read the certificate of the API's authority, ${file}`,
      "name a PEM file of certificates with --certificate-authority FILE",
      { cause },
    );
  }
}
