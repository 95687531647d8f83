import type { ClusterAccess, ClusterRight } from "#api/ports/cluster-access.ts";
import type { ReviewedAction } from "#kubernetes/access-reviews.ts";
import type { KubeClient } from "#kubernetes/client.ts";
import { HTTP_PROXIES, INGRESS_ROUTES, INGRESSES } from "#kubernetes/resource-types.ts";
import { compareText } from "#lib/compare.ts";
import type { ObjectRef } from "#resources/ref.ts";

const ROUTES = [INGRESSES, HTTP_PROXIES, INGRESS_ROUTES];

/**
 * What a right here is in the cluster: whoever may list a namespace's routes of any kind sees its traffic, whoever may change them
 * operates it, and whoever may do everything is an admin. Rules for single names give none of it.
 */
const ACTIONS: Readonly<Record<ClusterRight, readonly Omit<ReviewedAction, "namespace">[]>> = {
  read: ROUTES.map(({ group, plural: resource }) => ({ verb: "list", group, resource })),
  operate: ROUTES.map(({ group, plural: resource }) => ({ verb: "update", group, resource })),
  administer: [{ verb: "*", group: "*", resource: "*" }],
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
    may: async (user, right, namespace) => {
      for (const action of ACTIONS[right])
        if (await reviewAccess(client, user, { ...action, namespace }, signal)) return true;
      return false;
    },
    namespaces: () => {
      const names = new Set<string>();
      for (const { kind, namespace, name } of refs()) names.add(kind === "Namespace" ? name : namespace);
      return [...names].filter((name) => name !== "").sort(compareText);
    },
  };
}
