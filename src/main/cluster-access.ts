import type { ClusterAccess, ClusterRight } from "#api/ports/cluster-access.ts";
import type { ReviewedAction } from "#kubernetes/access-reviews.ts";
import type { KubeClient } from "#kubernetes/client.ts";
import { compareText } from "#lib/compare.ts";
import type { ObjectRef } from "#resources/ref.ts";

/**
 * What a right here is in the cluster: whoever may list a namespace's Ingresses sees its traffic, whoever may change them
 * operates it, and whoever may do everything is an admin. Rules for single names give none of it.
 */
const ACTIONS: Readonly<Record<ClusterRight, Omit<ReviewedAction, "namespace">>> = {
  read: { verb: "list", group: "networking.k8s.io", resource: "ingresses" },
  operate: { verb: "update", group: "networking.k8s.io", resource: "ingresses" },
  administer: { verb: "*", group: "*", resource: "*" },
};

/**
 * The home cluster's own word on who somebody is and what they may. Its room is loaded only where there is one.
 *
 * @param refs of all objects: their namespaces are those that there is something to see of
 */
export async function clusterAccess(
  client: KubeClient,
  refs: () => Iterable<ObjectRef>,
  parts: AsyncDisposableStack,
): Promise<ClusterAccess> {
  const { reviewAccess, reviewToken } = await import("#kubernetes/access-reviews.ts");
  const stop = new AbortController();
  parts.defer(() => stop.abort());
  const { signal } = stop;
  return {
    whoIs: (token) => reviewToken(client, token, signal),
    may: (user, right, namespace) => reviewAccess(client, user, { ...ACTIONS[right], namespace }, signal),
    namespaces: () => {
      const names = new Set<string>();
      for (const { kind, namespace, name } of refs()) names.add(kind === "Namespace" ? name : namespace);
      return [...names].filter((name) => name !== "").sort(compareText);
    },
  };
}
