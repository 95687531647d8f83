import { dump } from "js-yaml";

export interface KubeconfigContents {
  readonly url: string;
  /** PEM. */
  readonly authority: string;
  /** How the user proves who it is: `{ token }`, or what else a kubeconfig may hold under `user`. */
  readonly token?: string;
  readonly user?: Readonly<Record<string, unknown>>;
}

/** A kubeconfig with one cluster, one user and one context, YAML. */
export function kubeconfig({ url, authority, token, user = { token } }: KubeconfigContents): string {
  const cluster = { server: url, "certificate-authority-data": Buffer.from(authority).toString("base64") };
  return dump({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    clusters: [{ name: "test", cluster }],
    users: [{ name: "test", user }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
  });
}
