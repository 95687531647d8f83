import { isAbsolute, join } from "node:path";
import { z } from "zod";
import { checkShape } from "#lib/check-shape.ts";
import type { Problem } from "#lib/problem.ts";
import { isMap } from "#lib/schema-rules.ts";
import { withoutNulls } from "#lib/without-nulls.ts";
import { parseYaml } from "#lib/yaml.ts";

/** A text that stands in the kubeconfig, or the file that holds it. */
export type Material = { readonly text: string } | { readonly file: string };

/** A program that prints credentials (client.authentication.k8s.io). */
export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly provideClusterInfo: boolean;
}

/** What one context of a kubeconfig says: where the API is, and how to come in. */
export interface ClusterAccess {
  readonly server: URL;
  /** The name that the server's certificate must have, where it is not the URL's. */
  readonly serverName?: string;
  readonly skipVerify: boolean;
  readonly ca?: Material;
  readonly certificate?: Material;
  readonly key?: Material;
  readonly token?: Material;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly exec?: ExecPlugin;
  readonly impersonate?: { readonly user: string; readonly uid?: string; readonly groups: readonly string[] };
  readonly namespace?: string;
}

export interface KubeconfigOptions {
  /** The file's current-context unless given. */
  readonly context?: string | undefined;
  /** Where relative paths are meant from. */
  readonly directory: string;
  /** Takes only what stands in the text itself: for a kubeconfig that came from somebody who may not run or read things here. */
  readonly inlineOnly: boolean;
}

export type KubeconfigReading =
  | { readonly ok: true; readonly access: ClusterAccess }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const text = z.string().exactOptional();

/** The fields of a cluster that are read; others are left alone, as kubectl does. */
const clusterSchema = z.strictObject({
  server: z.string(),
  "tls-server-name": text,
  "insecure-skip-tls-verify": z.boolean().default(false),
  "certificate-authority": text,
  "certificate-authority-data": text,
  "proxy-url": text,
});

const userSchema = z.strictObject({
  "client-certificate": text,
  "client-certificate-data": text,
  "client-key": text,
  "client-key-data": text,
  token: text,
  tokenFile: text,
  as: text,
  "as-uid": text,
  "as-groups": z.array(z.string()).default([]),
  username: text,
  password: text,
  "auth-provider": z.record(z.string(), z.unknown()).exactOptional(),
  exec: z
    .strictObject({
      apiVersion: z.string(),
      command: z.string(),
      args: z.array(z.string()).default([]),
      env: z.array(z.strictObject({ name: z.string(), value: z.string() })).default([]),
      provideClusterInfo: z.boolean().default(false),
    })
    .exactOptional(),
});

type Cluster = z.output<typeof clusterSchema>;
type User = z.output<typeof userSchema>;

/**
 * Reads one context of a kubeconfig (k8s.io/client-go/tools/clientcmd/api/v1). Only that context's cluster and user are looked
 * at. No problem tells of a value, which may be a secret.
 */
export function readKubeconfig(source: string, options: KubeconfigOptions): KubeconfigReading {
  const parsed = parseYaml(source);
  if ("error" in parsed) return refused("", parsed.error.message, parsed.error.fix);
  const [document] = parsed.documents;
  if (!isMap(document)) return refused("", "expected a kubeconfig: a map with clusters, contexts and users");
  const name = options.context ?? document["current-context"];
  if (typeof name !== "string" || name === "") {
    return refused("current-context", "missing, expected the name of a context", "add it, or name a context");
  }
  const context = named(document["contexts"], name, "context");
  if (context === undefined) return refused("contexts", `there is no context ${name}`, "name one that stands there");
  const cluster = readCluster(document, context, name);
  const user = readUser(document, context, name);
  if (!cluster.ok || !user.ok) {
    return { ok: false, problems: [...(cluster.ok ? [] : cluster.problems), ...(user.ok ? [] : user.problems)] };
  }
  const problems = [
    ...unusable(cluster.value, user.value),
    ...(options.inlineOnly ? notInline(cluster.value, user.value) : []),
  ];
  if (problems.length > 0) return { ok: false, problems };
  const { namespace } = context;
  return accessOf(cluster.value, user.value, options, typeof namespace === "string" ? namespace : undefined);
}

type Part<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly Problem[] };

function readCluster(
  document: Readonly<Record<string, unknown>>,
  context: Readonly<Record<string, unknown>>,
  name: string,
): Part<Cluster> {
  const cluster =
    typeof context["cluster"] === "string" ? named(document["clusters"], context["cluster"], "cluster") : undefined;
  if (cluster === undefined) return refused("contexts", `context ${name} names no cluster that stands under clusters`);
  return shape(clusterSchema, cluster, "clusters");
}

function readUser(
  document: Readonly<Record<string, unknown>>,
  context: Readonly<Record<string, unknown>>,
  name: string,
): Part<User> {
  // A context without a user is anonymous.
  if (context["user"] === undefined || context["user"] === "") return shape(userSchema, {}, "users");
  const user = typeof context["user"] === "string" ? named(document["users"], context["user"], "user") : undefined;
  if (user === undefined) return refused("contexts", `context ${name} names no user that stands under users`);
  return shape(userSchema, user, "users");
}

function shape<T>(schema: z.ZodType<T>, input: unknown, at: string): Part<T> {
  const checked = checkShape(schema, withoutNulls(input), { unknownFields: "warn", secret: true });
  if (checked.ok) return checked;
  const problems = checked.problems
    .filter(({ severity }) => severity === "error")
    .map((problem) => ({ ...problem, path: `${at}.${problem.path}` }));
  return { ok: false, problems };
}

function unusable(cluster: Cluster, user: User): Problem[] {
  const problems: Problem[] = [];
  const { server } = cluster;
  if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol)) {
    problems.push(error("clusters.server", "expected a URL such as https://10.0.0.1:6443"));
  }
  if (cluster["proxy-url"] !== undefined) {
    problems.push(error("clusters.proxy-url", "proxies are not supported", "let the API be reached directly"));
  }
  if (user["auth-provider"] !== undefined) {
    problems.push(
      error(
        "users.auth-provider",
        "removed from Kubernetes in 1.26 and not supported",
        "use exec, a token or a certificate",
      ),
    );
  }
  const certificate = user["client-certificate"] ?? user["client-certificate-data"];
  const key = user["client-key"] ?? user["client-key-data"];
  if ((certificate === undefined) !== (key === undefined)) {
    problems.push(error("users", "a client certificate and its key go together", "add the one that is missing"));
  }
  if (user.exec !== undefined && !EXEC_VERSIONS.test(user.exec.apiVersion)) {
    problems.push(error("users.exec.apiVersion", "expected client.authentication.k8s.io/v1 or v1beta1"));
  }
  return problems;
}

const EXEC_VERSIONS = /^client\.authentication\.k8s\.io\/v1(beta1)?$/;

/** What would run a program or read a file of this machine. */
function notInline(cluster: Cluster, user: User): Problem[] {
  const found: string[] = [];
  if (cluster["certificate-authority"] !== undefined) found.push("clusters.certificate-authority");
  for (const field of ["client-certificate", "client-key", "tokenFile", "exec"] as const) {
    if (user[field] !== undefined) found.push(`users.${field}`);
  }
  return found.map((path) =>
    error(
      path,
      path.endsWith("exec")
        ? "a kubeconfig from here may not run programs"
        : "a kubeconfig from here may not name files of this machine",
      `put it inline: ${path.includes("certificate-authority") ? "certificate-authority-data" : "token, or client-certificate-data with client-key-data"}`,
    ),
  );
}

function accessOf(
  cluster: Cluster,
  user: User,
  options: KubeconfigOptions,
  namespace: string | undefined,
): KubeconfigReading {
  const problems: Problem[] = [];
  /** Inline data wins over a file, as in client-go. */
  const material = (data: string | undefined, file: string | undefined, path: string): Material | undefined => {
    if (data !== undefined && data !== "") {
      const decoded = Buffer.from(data, "base64").toString();
      if (decoded.includes("-----BEGIN")) return { text: decoded };
      problems.push(error(path, "expected PEM in base64"));
      return undefined;
    }
    if (file === undefined || file === "") return undefined;
    return { file: isAbsolute(file) ? file : join(options.directory, file) };
  };
  const ca = material(
    cluster["certificate-authority-data"],
    cluster["certificate-authority"],
    "clusters.certificate-authority-data",
  );
  const certificate = material(
    user["client-certificate-data"],
    user["client-certificate"],
    "users.client-certificate-data",
  );
  const key = material(user["client-key-data"], user["client-key"], "users.client-key-data");
  const token = tokenOf(user, options.directory);
  const { exec, username, password } = user;
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    access: {
      server: new URL(cluster.server),
      skipVerify: cluster["insecure-skip-tls-verify"],
      ...(cluster["tls-server-name"] === undefined ? {} : { serverName: cluster["tls-server-name"] }),
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { certificate }),
      ...(key === undefined ? {} : { key }),
      ...(token === undefined ? {} : { token }),
      ...(username === undefined ? {} : { basic: { username, password: password ?? "" } }),
      ...(exec === undefined
        ? {}
        : { exec: { ...exec, env: Object.fromEntries(exec.env.map(({ name, value }) => [name, value])) } }),
      ...(user.as === undefined
        ? {}
        : {
            impersonate: {
              user: user.as,
              groups: user["as-groups"],
              ...(user["as-uid"] === undefined ? {} : { uid: user["as-uid"] }),
            },
          }),
      ...(namespace === undefined ? {} : { namespace }),
    },
  };
}

/** The file wins over the text, which is what it held when the kubeconfig was written (as in client-go). */
function tokenOf({ token, tokenFile }: User, directory: string): Material | undefined {
  if (tokenFile !== undefined && tokenFile !== "") {
    return { file: isAbsolute(tokenFile) ? tokenFile : join(directory, tokenFile) };
  }
  return token === undefined || token === "" ? undefined : { text: token };
}

/** The map `field` of the entry with that name. */
function named(list: unknown, name: string, field: string): Readonly<Record<string, unknown>> | undefined {
  if (!Array.isArray(list)) return undefined;
  const entry: unknown = list.find((item: unknown) => isMap(item) && item["name"] === name);
  const value = isMap(entry) ? entry[field] : undefined;
  return isMap(value) ? value : undefined;
}

function error(path: string, message: string, fix?: string): Problem {
  return { severity: "error", path, message, ...(fix === undefined ? {} : { fix }) };
}

function refused(
  path: string,
  message: string,
  fix?: string,
): { readonly ok: false; readonly problems: readonly Problem[] } {
  return { ok: false, problems: [error(path, message, fix)] };
}
