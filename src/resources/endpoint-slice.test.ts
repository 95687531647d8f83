import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted, complaints } from "./complaints.ts";

const head = `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: team-shop, labels: {kubernetes.io/service-name: web}}
`;

test("every v1 field is accepted, and conditions are filled in", () => {
  const slice = accepted(
    "EndpointSlice",
    `${head}
addressType: IPv4
endpoints:
- addresses: [10.0.0.1]
  conditions: {ready: false, terminating: true}
  hostname: web-0
  nodeName: node-1.example.com
  zone: eu-1a
  hints: {forZones: [{name: eu-1a}], forNodes: [{name: node-1}]}
  targetRef: {kind: Pod, namespace: team-shop, name: web-0, uid: 0b9f, apiVersion: v1, resourceVersion: "1", fieldPath: x}
  deprecatedTopology: {kubernetes.io/hostname: node-1}
- addresses: [10.0.0.2]
- addresses: [10.0.0.3]
  conditions: {ready: null, serving: false}
ports:
- {name: http, port: 8080, protocol: TCP, appProtocol: http}
- {name: null, port: null}
`,
  );
  assert.deepEqual(
    slice.endpoints.map(({ conditions }) => conditions),
    [
      { ready: false, serving: false, terminating: true },
      { ready: true, serving: true, terminating: false },
      { ready: true, serving: false, terminating: false },
    ],
  );
  assert.deepEqual(slice.ports[1], { name: "", protocol: "TCP" });
});

test("loopback is valid in itself: translation decides what may be an upstream", () => {
  assert.deepEqual(complaints(`${head}addressType: IPv4\nendpoints: [{addresses: [127.0.0.1]}]`), []);
});

test("no endpoints and no ports is a valid slice", () => {
  const slice = accepted("EndpointSlice", `${head}addressType: IPv6\nendpoints: null\nports: null`);
  assert.deepEqual([slice.endpoints, slice.ports], [[], []]);
});

for (const [fields, ...expected] of [
  ["endpoints: []", "addressType: missing, expected one of IPv4, IPv6, FQDN; add it"],
  ["addressType: IP", 'addressType: found the text "IP", expected one of IPv4, IPv6, FQDN'],
  ["addressType: ipv4", 'addressType: found the text "ipv4", expected one of IPv4, IPv6, FQDN; write IPv4'],
  ["addressType: IPv4\nendpoints: [{addresses: []}]", "endpoints[0].addresses: found 0 items, expected at least 1"],
  ["addressType: IPv4\nendpoints: [{}]", "endpoints[0].addresses: missing, expected a list; add it"],
  ["addressType: IPv4\nendpoints: [10.0.0.1]", 'endpoints[0]: found the text "10.0.0.1", expected a map'],
  [
    "addressType: IPv4\nendpoints: [{addresses: 10.0.0.1}]",
    'endpoints[0].addresses: found the text "10.0.0.1", expected a list',
  ],
  [
    "addressType: IPv4\nendpoints: [{addresses: [web.example.com]}]",
    'endpoints[0].addresses[0]: found the text "web.example.com", expected an IPv4 address',
  ],
  [
    "addressType: IPv4\nendpoints: [{addresses: ['::1']}]",
    'endpoints[0].addresses[0]: found the text "::1", expected an IPv4 address',
  ],
  [
    "addressType: IPv4\nendpoints: [{addresses: ['10.0.0.1:80']}]",
    'endpoints[0].addresses[0]: found the text "10.0.0.1:80", expected an IPv4 address; name the port under ports',
  ],
  [
    "addressType: IPv4\nendpoints: [{addresses: [10.0.0.256]}]",
    'endpoints[0].addresses[0]: found the text "10.0.0.256", expected an IPv4 address',
  ],
  [
    "addressType: IPv6\nendpoints: [{addresses: [10.0.0.1]}]",
    'endpoints[0].addresses[0]: found the text "10.0.0.1", expected an IPv6 address',
  ],
  [
    "addressType: IPv6\nendpoints: [{addresses: ['fe80::1%eth0']}]",
    'endpoints[0].addresses[0]: found the text "fe80::1%eth0", expected an IPv6 address',
  ],
  [
    "addressType: FQDN\nendpoints: [{addresses: [Web_1]}]",
    'endpoints[0].addresses[0]: found the text "Web_1", expected a DNS name',
  ],
  [
    "addressType: IPv4\nendpoints: [{addresses: [10]}]",
    "endpoints[0].addresses[0]: found 10, expected a text; put it in quotes",
  ],
  [
    `addressType: IPv4\nendpoints: [{addresses: [${Array(101).fill("10.0.0.1").join(", ")}]}]`,
    "endpoints[0].addresses: found 101 items, expected at most 100",
  ],
  [
    `addressType: IPv4\nendpoints: [${Array(1001).fill("{addresses: [10.0.0.1]}").join(", ")}]`,
    "endpoints: found 1001 items, expected at most 1000",
  ],
  [
    "addressType: IPv4\nendpoints: [{addresses: [10.0.0.1], ready: true}]",
    "endpoints[0].ready: unknown field; remove it",
  ],
  [
    "addressType: IPv4\nendpoints: [{addresses: [10.0.0.1], conditions: {ready: 'true'}}]",
    'endpoints[0].conditions.ready: found the text "true", expected true or false; remove the quotes',
  ],
  [
    "addressType: IPv4\nports: [{port: 80}, {port: 81}]",
    "ports[1].name: a port without a name stands already at index 0; give each port its own name",
  ],
  [
    "addressType: IPv4\nports: [{name: http, port: 80}, {name: http, port: 81}]",
    "ports[1].name: name http stands already at index 0; give each port its own name",
  ],
  ["addressType: IPv4\nports: [{name: http, port: 0}]", "ports[0].port: found 0, expected at least 1"],
  ["addressType: IPv4\nspec: {}", "spec: unknown field; remove it"],
] as const) {
  test(fields.slice(0, 80), () => assert.deepEqual(complaints(head + fields), expected));
}
