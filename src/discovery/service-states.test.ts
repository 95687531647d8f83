import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type DiscoveredKey, discoveredKey, type DiscoveredService } from "./discovered.ts";
import { discovered } from "./discovered-for-tests.ts";
import { serviceStates } from "./service-states.ts";
import { nameTaken } from "./placer.ts";

const taken = nameTaken("Service", "team-shop", "east-b", "in shop.yaml");
const keyOf = (service: string) => discoveredKey({ scope: "team-shop", service });

interface World {
  readonly applied?: readonly DiscoveredService[];
  readonly reported?: readonly DiscoveredService[];
  readonly held?: readonly DiscoveredKey[];
  readonly unplaced?: readonly DiscoveredKey[];
}

function states({ applied = [], reported = applied, held = [], unplaced = [] }: World) {
  return serviceStates(
    {
      name: "east",
      status: () => ({
        name: "east",
        platform: "static",
        state: "synced",
        since: 0,
        lastSync: 0,
        failure: undefined,
        held,
        problems: [],
        goneAt: undefined,
      }),
      applied: () => applied.values(),
      reported: () => reported.values(),
    },
    { unplaced: () => new Map(unplaced.map((key) => [key, [taken]])) },
  );
}

suite("the services of a backend", () => {
  test("sorted by where they are here, with the names that routes are written with", () => {
    const moved = discovered("z", [], { namespace: "team-a" });
    const found = states({ applied: [discovered("b"), moved, discovered("a", ["10.0.0.1", "10.0.0.2"])] });
    assert.deepEqual(
      found.map(({ namespace, name, endpoints }) => `${namespace}/${name} ${endpoints}`),
      ["team-a/east-z 0", "team-shop/east-a 2", "team-shop/east-b 1"],
    );
  });

  test("what is held is here as it was", () => {
    const found = states({
      applied: [discovered("a"), discovered("b")],
      reported: [discovered("b", [])],
      held: [keyOf("a"), keyOf("b")],
    });
    assert.deepEqual(
      found.map(({ state, isUpstream, upstreamEndpoints, endpoints }) => [
        state,
        isUpstream,
        upstreamEndpoints,
        endpoints,
      ]),
      [
        ["held", false, 0, 1],
        ["held", true, 0, 1],
      ],
    );
  });

  test("what cannot be placed is not here, and says why", () => {
    const found = states({ applied: [discovered("a"), discovered("b")], unplaced: [keyOf("b")] });
    assert.deepEqual(
      found.find(({ service }) => service === "b"),
      {
        backend: "east",
        scope: "team-shop",
        service: "b",
        namespace: "team-shop",
        name: "east-b",
        state: "unplaced",
        isUpstream: true,
        upstreamEndpoints: 1,
        endpoints: 0,
        problems: [taken],
      },
    );
  });
});
