import assert from "node:assert/strict";
import { test } from "node:test";
import { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from "#proto/envoy/service/discovery/v3/discovery.ts";
import { BroughtAlong } from "./brought-along.ts";

const TYPE = "type.googleapis.com/envoy.config.cluster.v3.Cluster";

test("what a client has already is neither replaced nor removed", () => {
  const brought = new BroughtAlong();
  brought.note(request({ initialResourceVersions: { a: "1", b: "1" } }));
  assert.deepEqual(names(brought.withhold(response(["a", "c"], ["b", "d"]))), [["c"], ["d"]]);
});

test("what it asks for again it has lost, and gets", () => {
  const brought = new BroughtAlong();
  brought.note(request({ initialResourceVersions: { a: "1", b: "1" }, resourceNamesSubscribe: ["a", "b"] }));
  brought.note(request({ resourceNamesSubscribe: ["a"] }));
  assert.deepEqual(names(brought.withhold(response(["a", "b"], []))), [["a"], []]);
});

test("who brings nothing gets everything, and other types are not touched", () => {
  const brought = new BroughtAlong();
  const whole = response(["a"], ["b"]);
  brought.note(request({ resourceNamesSubscribe: ["a"] }));
  assert.deepEqual(brought.withhold(whole), whole);
  brought.note(request({ typeUrl: "another", initialResourceVersions: { a: "1" } }));
  assert.deepEqual(brought.withhold(whole), whole);
});

function request(fields: Partial<DeltaDiscoveryRequest>): DeltaDiscoveryRequest {
  return DeltaDiscoveryRequest.fromPartial({ typeUrl: TYPE, ...fields });
}

function response(resources: readonly string[], removedResources: readonly string[]): DeltaDiscoveryResponse {
  return DeltaDiscoveryResponse.fromPartial({
    typeUrl: TYPE,
    resources: resources.map((name) => ({ name })),
    removedResources: [...removedResources],
  });
}

function names({ resources, removedResources }: DeltaDiscoveryResponse): unknown {
  return [resources.map(({ name }) => name), removedResources];
}
