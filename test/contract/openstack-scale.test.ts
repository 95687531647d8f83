import assert from "node:assert/strict";
import { test } from "node:test";
import { LargeCloud } from "./support/large-cloud.ts";

const SIZE = { projects: 50, loadBalancers: 20, members: 10 };

test("of a large cloud nothing is pushed while nothing changes, and one changed member is one push of its endpoints", async () => {
  await using cloud = await LargeCloud.start(SIZE);
  await cloud.cycle();
  const { translator, snapshot } = cloud.controlPlane;
  const found = [...translator.eachItem()].filter((item) => item.type === "endpoints");
  assert.equal(found.length, SIZE.projects * SIZE.loadBalancers);
  assert.ok(found.every(({ endpoints }) => endpoints.length === SIZE.members));

  cloud.changed.length = 0;
  await cloud.cycle();
  assert.deepEqual(cloud.changed, []);

  const name = cloud.changeMember(7, 3);
  const before = snapshot.get("endpoints", name)?.version;
  assert.ok(before);
  await cloud.cycle();
  assert.deepEqual(cloud.changed, [{ type: "endpoints", name }]);
  assert.notEqual(snapshot.get("endpoints", name)?.version, before);
});
