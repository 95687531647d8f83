import type { ApiClient } from "./api-client.ts";

export interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** Who a grant is for: a user of the cluster's `users`, one of their groups, or a service account as `namespace/name`. */
export type Subject = { readonly user: string } | { readonly group: string } | { readonly serviceAccount: string };

const RBAC = "rbac.authorization.k8s.io";

export async function createNamespace(
  api: ApiClient,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<void> {
  await api.create("/api/v1/namespaces", { metadata: { name, labels } });
}

/**
 * Gives rights by a role and a binding, both of this name: in one namespace, or in the whole cluster without one. Called
 * again with other rules it replaces them.
 */
export async function grant(
  api: ApiClient,
  name: string,
  { to, rules, namespace }: { to: Subject; rules: readonly Rule[]; namespace?: string },
): Promise<void> {
  const kind = namespace === undefined ? "ClusterRole" : "Role";
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  const apiVersion = `${RBAC}/v1`;
  const roleRef = { apiGroup: RBAC, kind, name };
  await api.apply(
    { apiVersion, kind, metadata, rules: rules.map((rule) => ({ apiGroups: [""], ...rule })) },
    { apiVersion, kind: `${kind}Binding`, metadata, roleRef, subjects: [subject(to)] },
  );
}

/** Takes the rights of {@link grant} away. They end within moments: the API server watches its roles. */
export async function withdraw(api: ApiClient, name: string, namespace?: string): Promise<void> {
  const kind = namespace === undefined ? "ClusterRoleBinding" : "RoleBinding";
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  await api.delete(await api.pathOf({ apiVersion: `${RBAC}/v1`, kind, metadata }));
}

/**
 * A token of a service account, which is made if it is not there. It ends after `seconds` (the API server takes no less
 * than 600), or when the account is deleted: within 10 s, for which the API server remembers tokens.
 */
export async function serviceAccountToken(
  api: ApiClient,
  namespace: string,
  name: string,
  seconds = 3600,
): Promise<string> {
  await api.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { namespace, name } });
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const { status } = await api.create<{ status: { token: string } }>(path, { spec: { expirationSeconds: seconds } });
  return status.token;
}

function subject(to: Subject) {
  if ("user" in to) return { kind: "User", apiGroup: RBAC, name: to.user };
  if ("group" in to) return { kind: "Group", apiGroup: RBAC, name: to.group };
  const [namespace, name] = to.serviceAccount.split("/");
  return { kind: "ServiceAccount", namespace, name };
}
