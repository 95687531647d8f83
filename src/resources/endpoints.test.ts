import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted, complaints } from "./complaints.ts";

const head = `
apiVersion: v1
kind: Endpoints
metadata: {name: web}
`;

test("every v1 field is accepted", () => {
  const { subsets, metadata } = accepted(
    "Endpoints",
    `${head}
subsets:
- addresses: [{ip: 10.0.0.1, hostname: web-0, nodeName: node-1, targetRef: {kind: Pod, name: web-0}}, {ip: "fd00::1"}]
  ports: [{name: http, port: 8080, appProtocol: http}, {name: dns, port: 53, protocol: UDP}]
- notReadyAddresses: [{ip: 10.0.0.2}]
  ports: [{port: 8080}]
`,
  );
  assert.equal(metadata.namespace, "default");
  assert.deepEqual(subsets[1], {
    addresses: [],
    notReadyAddresses: [{ ip: "10.0.0.2" }],
    ports: [{ name: "", protocol: "TCP", port: 8080 }],
  });
});

test("no subsets is a Service without endpoints", () => {
  assert.deepEqual(accepted("Endpoints", head).subsets, []);
});

for (const [subset, ...expected] of [
  ["{}", "subsets[0]: found no address, expected addresses or notReadyAddresses; remove the subset or add an address"],
  ["{addresses: [{ip: web}]}", 'subsets[0].addresses[0].ip: found the text "web", expected an IP address'],
  ["{addresses: [10.0.0.1]}", 'subsets[0].addresses[0]: found the text "10.0.0.1", expected a map'],
  [
    "{addresses: [{address: 10.0.0.1}]}",
    "subsets[0].addresses[0].ip: missing, expected a text; add it",
    "subsets[0].addresses[0].address: unknown field; remove it",
  ],
  [
    "{addresses: [{ip: 10.0.0.1}], ports: [{port: 80}, {name: b, port: 81}]}",
    "subsets[0].ports[0].name: missing: with several ports each needs a name; add it",
  ],
  ["{addresses: [{ip: 10.0.0.1}], ports: [{}]}", "subsets[0].ports[0].port: missing, expected a number; add it"],
  ["{addresses: [{ip: 10.0.0.1}], notReady: []}", "subsets[0].notReady: unknown field; write notReadyAddresses"],
] as const) {
  test(`subset ${subset} is refused`, () => assert.deepEqual(complaints(`${head}subsets: [${subset}]`), expected));
}
