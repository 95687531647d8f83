import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { readDroplets } from "./read-droplets.ts";

const KEYS = ["service", "port", "team"];
const droplet = (more: object = {}): Readonly<Record<string, unknown>> => ({
  id: 1,
  name: "web-1",
  status: "active",
  region: { slug: "fra1" },
  networks: {
    v4: [
      { ip_address: "203.0.113.1", type: "public" },
      { ip_address: "10.0.0.1", type: "private" },
    ],
    v6: [{ ip_address: "2001:db8::1", type: "public" }],
  },
  tags: ["service:web", "port:8080"],
  ...more,
});

suite("droplets as instances", () => {
  test("addresses by their kind, the region as zone, tags as keys with values", () => {
    assert.deepEqual(readDroplets([droplet({ tags: ["service:web", "a:b:c", "plain"] })], KEYS), {
      instances: [
        {
          id: "1",
          name: "web-1",
          state: "running",
          private: "10.0.0.1",
          public: "203.0.113.1",
          ipv6: "2001:db8::1",
          zone: "fra1",
          tags: { service: "web", a: "b:c", plain: "" },
        },
      ],
      problems: [],
    });
  });

  test("only an active one runs; one that is archived is gone", () => {
    for (const [status, state] of [
      ["active", "running"],
      ["new", "idle"],
      ["off", "idle"],
      ["archive", "gone"],
      ["of-tomorrow", "idle"],
    ] as const)
      assert.equal(readDroplets([droplet({ status })], KEYS).instances[0]?.state, state, status);
  });

  test("what may be missing may be missing", () => {
    const { instances, problems } = readDroplets([{ id: 1, status: "new", tags: null, networks: {} }], KEYS);
    assert.deepEqual(problems, []);
    const [one] = instances;
    assert.deepEqual([one?.name, one?.zone, one?.private, one?.tags], [undefined, undefined, undefined, {}]);
  });

  test("several tags of one key are told of, and cost no other droplet; of keys that are nobody's they say nothing", () => {
    const several = droplet({ id: 2, tags: ["port:80", "service:web", "port:81"] });
    const { instances, problems } = readDroplets([several, droplet({ tags: ["env:a", "env:b"] })], KEYS);
    assert.deepEqual(
      instances.map(({ id }) => id),
      ["1"],
    );
    assert.deepEqual(
      problems.map(({ message }) => message),
      ["droplet web-1 2: it has the tags port:80, port:81, expected one of port"],
    );
  });

  test("one of another form is told of by its id, and left out", () => {
    const { instances, problems } = readDroplets([droplet({ id: 7, status: 1 }), droplet()], KEYS);
    assert.equal(instances.length, 1);
    assert.match(problems[0]?.message ?? "", /one of the droplets \(7\) cannot be read: status/);
  });
});
