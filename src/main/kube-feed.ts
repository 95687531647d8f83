import type { Config } from "#config/config.ts";
import { isLocalAddress } from "#translate/local-address.ts";
import type { ControlPlane } from "../control-plane.ts";
import { ingressAddresses } from "../views/ingress-addresses.ts";
import { KubeFeed } from "../views/kube.ts";
import { ownAddresses } from "./own-addresses.ts";

/** What kubectl is shown of the objects at /k8s. */
export function kubeFeed(config: Config, controlPlane: ControlPlane): KubeFeed {
  const { store, translator, snapshot } = controlPlane;
  const reachable = ownAddresses().filter((address) => !isLocalAddress(address));
  return new KubeFeed({
    store,
    translator,
    snapshot,
    listen: (listener) => controlPlane.listen(listener),
    classes: config.routing,
    addresses: ingressAddresses(config.listeners, reachable),
    home:
      config.sources.cluster === undefined ? `the manifests in ${config.sources.directory}` : "their cluster's own API",
    now: Date.now,
  });
}
