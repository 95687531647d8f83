import assert from "node:assert/strict";
import { test } from "node:test";
import { instanceShape } from "./shapes.ts";

const instance = (state: string, more: object = {}) =>
  instanceShape.parse({
    instanceId: "i-1",
    instanceState: { name: state },
    networkInterfaceSet: "",
    tagSet: { item: { key: "Name", value: "web-1" } },
    ...more,
  });

test("EC2's states: one that goes down is ending, one that begins or stands still is idle", () => {
  for (const [state, expected] of [
    ["running", "running"],
    ["shutting-down", "ending"],
    ["stopping", "ending"],
    ["pending", "idle"],
    ["stopped", "idle"],
    ["terminated", "gone"],
    ["of-tomorrow", "idle"],
  ] as const)
    assert.equal(instance(state).state, expected, state);
});

test("an instance's name is a tag of it, and its IPv6 address may stand at an interface alone", () => {
  const item = { ipv6AddressesSet: { item: { ipv6Address: "2001:db8::1" } } };
  const { name, ipv6, tags } = instance("running", { networkInterfaceSet: { item } });
  assert.deepEqual([name, ipv6, tags], ["web-1", "2001:db8::1", { Name: "web-1" }]);
});
