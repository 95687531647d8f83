import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hostPort } from "#lib/host-port.ts";
import { errorMessage } from "#lib/error-message.ts";
import { formatProblem } from "#lib/problem.ts";
import { type ClusterAccess, readKubeconfig } from "./kubeconfig.ts";

/** Where the way to a cluster's API is written. */
export type Connection =
  | { readonly type: "file"; readonly kubeconfig: string; readonly context?: string | undefined }
  /** From somebody who may not run programs or name files here: only what stands in the text counts. */
  | { readonly type: "inline"; readonly kubeconfig: string; readonly context?: string | undefined }
  /** We run in a Pod of the cluster: its ServiceAccount. */
  | { readonly type: "in-cluster"; readonly serviceAccountDirectory?: string };

/** Environment variables, as `process.env` has them: of use to credential plugins and inside a cluster. */
export type Environment = Readonly<Record<string, string | undefined>>;

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** What is written there now, and the folder that relative commands are meant from. Throws in words for a person. */
export async function readConnection(
  connection: Connection,
  environment: Environment,
): Promise<{ readonly access: ClusterAccess; readonly directory: string }> {
  if (connection.type === "in-cluster") return { access: await inCluster(connection, environment), directory: "/" };
  const { type, kubeconfig, context } = connection;
  const inlineOnly = type === "inline";
  const directory = inlineOnly ? "/" : dirname(kubeconfig);
  const text = inlineOnly ? kubeconfig : await readText(kubeconfig);
  const reading = readKubeconfig(text, { context, directory, inlineOnly });
  if (reading.ok) return { access: reading.access, directory };
  const file = inlineOnly ? "kubeconfig" : kubeconfig;
  throw new Error(reading.problems.map((problem) => formatProblem({ ...problem, origin: { file } })).join("; "));
}

/** For messages: where the connection is written. */
export function describeConnection(connection: Connection): string {
  if (connection.type === "in-cluster") return "the Pod's ServiceAccount";
  const context = connection.context === undefined ? "" : `, context ${connection.context}`;
  return connection.type === "inline" ? `a kubeconfig in a Secret${context}` : `${connection.kubeconfig}${context}`;
}

/** The file's text. Throws naming it. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new Error(`cannot read ${file}: ${errorMessage(error)}`, { cause: error });
  }
}

/** The namespace of the Pod that we run in. Throws naming the file that says it. */
export async function podNamespace({
  serviceAccountDirectory = SERVICE_ACCOUNT,
}: {
  readonly serviceAccountDirectory?: string;
}): Promise<string> {
  return (await readText(join(serviceAccountDirectory, "namespace"))).trim();
}

async function inCluster(
  { serviceAccountDirectory = SERVICE_ACCOUNT }: { readonly serviceAccountDirectory?: string },
  environment: Environment,
): Promise<ClusterAccess> {
  const host = environment["KUBERNETES_SERVICE_HOST"];
  const port = environment["KUBERNETES_SERVICE_PORT"];
  if (!host || !port) {
    throw new Error("not in a Pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; give a kubeconfig");
  }
  const namespace = await podNamespace({ serviceAccountDirectory }).catch(() => undefined);
  return {
    server: new URL(`https://${hostPort(host, port)}`),
    skipVerify: false,
    ca: { file: join(serviceAccountDirectory, "ca.crt") },
    // The kubelet exchanges the token before it expires.
    token: { file: join(serviceAccountDirectory, "token") },
    ...(namespace === undefined ? {} : { namespace }),
  };
}
