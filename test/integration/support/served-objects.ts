import type { ControlPlane } from "../../../src/control-plane.ts";
import { KubeFeed, type KubeParts } from "../../../src/views/kube.ts";
import { changesOf, settingsFor } from "./gateway.ts";
import { controlPlaneForTests } from "../../../src/main/control-plane-for-tests.ts";

/** A control plane that has the objects of a YAML text, and that nobody is configured by. */
export function controlPlaneOf(yaml: string): ControlPlane {
  const controlPlane = controlPlaneForTests({
    translate: settingsFor(18080, 18443),
  });
  controlPlane.store.apply(changesOf(yaml));
  controlPlane.open();
  return controlPlane;
}

/** Its objects in Kubernetes' form, as the API has them from manifests. */
export function kubeFeedOf(controlPlane: ControlPlane, more: Partial<KubeParts> = {}): KubeFeed {
  const { store, translator, snapshot } = controlPlane;
  return new KubeFeed({
    store,
    translator,
    snapshot,
    listen: (listener) => controlPlane.listen(listener),
    classes: { ingressClass: "binnacle", claimUnclassed: true },
    addresses: [],
    home: "the manifests",
    now: Date.now,
    ...more,
  });
}
