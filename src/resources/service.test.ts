import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted, complaints } from "./complaints.ts";

const head = `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: team-shop}
`;

test("the API server's defaults are filled in", () => {
  assert.deepEqual(accepted("Service", `${head}spec: {ports: [{port: 80}]}`).spec, {
    type: "ClusterIP",
    selector: {},
    ports: [{ name: "", protocol: "TCP", port: 80, targetPort: 80 }],
    publishNotReadyAddresses: false,
    sessionAffinity: "None",
  });
});

test("every v1 field is accepted, null ones as absent", () => {
  const { spec } = accepted(
    "Service",
    `${head}
spec:
  type: LoadBalancer
  clusterIP: 10.0.0.7
  clusterIPs: [10.0.0.7, "fd00::7"]
  externalName: null
  selector: {app: web}
  ports:
  - {name: http, port: 80, targetPort: http, protocol: TCP, appProtocol: kubernetes.io/h2c, nodePort: 30080}
  - {name: dns, port: 80, targetPort: 5353, protocol: UDP}
  publishNotReadyAddresses: true
  sessionAffinity: ClientIP
  sessionAffinityConfig: {clientIP: {timeoutSeconds: 10800}}
  externalIPs: [192.0.2.1]
  externalTrafficPolicy: Local
  internalTrafficPolicy: Cluster
  trafficDistribution: PreferClose
  healthCheckNodePort: 30000
  allocateLoadBalancerNodePorts: false
  loadBalancerClass: example.com/lb
  loadBalancerIP: 192.0.2.1
  loadBalancerSourceRanges: [192.0.2.0/24]
  ipFamilies: [IPv4, IPv6]
  ipFamilyPolicy: PreferDualStack
status: {loadBalancer: {}}
`,
  );
  assert.equal(spec.ports[0]?.targetPort, "http");
  assert.equal("externalName" in spec, false);
});

for (const spec of [
  "{clusterIP: None, selector: {app: web}}",
  "{type: ExternalName, externalName: db.example.com}",
  "{type: ExternalName, externalName: db.example.com, ports: [{port: 5432}]}",
  '{clusterIP: "", ports: [{port: 80}]}',
  "{ports: [{name: a, port: 80}, {name: b, port: 80, protocol: UDP}]}",
]) {
  test(`spec ${spec} is accepted`, () => assert.deepEqual(complaints(`${head}spec: ${spec}`), []));
}

for (const [spec, ...expected] of [
  ["{}", "spec.ports: missing, expected at least one port; add it"],
  ["{ports: []}", "spec.ports: missing, expected at least one port; add it"],
  [
    "{ports: {port: 80}}",
    "spec.ports: found a map, expected a list",
    "spec.ports: missing, expected at least one port; add it",
  ],
  ["{ports: [80]}", "spec.ports[0]: found 80, expected a map"],
  ["{ports: [{}]}", "spec.ports[0].port: missing, expected a number; add it"],
  ["{ports: [{port: 0}]}", "spec.ports[0].port: found 0, expected at least 1"],
  ["{ports: [{port: 70000}]}", "spec.ports[0].port: found 70000, expected at most 65535"],
  ['{ports: [{port: "80"}]}', 'spec.ports[0].port: found the text "80", expected a number; remove the quotes'],
  ["{ports: [{port: http}]}", 'spec.ports[0].port: found the text "http", expected a number'],
  [
    "{ports: [{port: 80, targetPort: 0}]}",
    "spec.ports[0].targetPort: found 0, expected a port number from 1 to 65535 or a port's name",
  ],
  [
    "{ports: [{port: 80, targetPort: [80]}]}",
    "spec.ports[0].targetPort: found a list, expected a port number from 1 to 65535 or a port's name",
  ],
  [
    '{ports: [{port: 80, targetPort: "8080"}]}',
    `spec.ports[0].targetPort: found the text "8080", expected a port's name or a number; remove the quotes`,
  ],
  [
    "{ports: [{port: 80, protocol: tcp}]}",
    'spec.ports[0].protocol: found the text "tcp", expected one of TCP, UDP, SCTP; write TCP',
  ],
  [
    "{ports: [{port: 80, protocol: HTTP}]}",
    'spec.ports[0].protocol: found the text "HTTP", expected one of TCP, UDP, SCTP',
  ],
  ["{ports: [{port: 80, target: 8080}]}", "spec.ports[0].target: unknown field; write targetPort"],
  [
    "{ports: [{port: 80}, {port: 81}]}",
    "spec.ports[0].name: missing: with several ports each needs a name; add it",
    "spec.ports[1].name: missing: with several ports each needs a name; add it",
  ],
  [
    "{ports: [{name: a, port: 80}, {name: a, port: 81}]}",
    "spec.ports[1].name: name a stands already at index 0; give each port its own name",
  ],
  [
    "{ports: [{name: a, port: 80}, {name: b, port: 80}]}",
    "spec.ports[1].port: TCP port 80 stands already at index 0; use another port or protocol",
  ],
  [
    "{ports: [{name: a, port: x}, {name: a, port: 81}]}",
    'spec.ports[0].port: found the text "x", expected a number',
    "spec.ports[1].name: name a stands already at index 0; give each port its own name",
  ],
  ["{type: ExternalName}", "spec.externalName: missing, expected the DNS name that the Service stands for; add it"],
  [
    "{type: ExternalName, externalName: db.example.com, clusterIP: None}",
    "spec.clusterIP: not allowed with type ExternalName; remove it",
  ],
  [
    "{type: NodePort, clusterIP: None, ports: [{port: 80}]}",
    "spec.clusterIP: found None, which type NodePort cannot have; remove it or use type ClusterIP",
  ],
  [
    "{type: Loadbalancer, ports: [{port: 80}]}",
    'spec.type: found the text "Loadbalancer", expected one of ClusterIP, NodePort, LoadBalancer, ExternalName; write LoadBalancer',
  ],
  ["{clusterIP: web, ports: [{port: 80}]}", 'spec.clusterIP: found the text "web", expected an IP address or None'],
  ["{selector: {app: 1}, ports: [{port: 80}]}", "spec.selector.app: found 1, expected a text; put it in quotes"],
  [
    "{publishNotReadyAddresses: yes, ports: [{port: 80}]}",
    'spec.publishNotReadyAddresses: found the text "yes", expected true or false',
  ],
  [
    '{publishNotReadyAddresses: "true", ports: [{port: 80}]}',
    'spec.publishNotReadyAddresses: found the text "true", expected true or false; remove the quotes',
  ],
] as const) {
  test(`spec ${spec} is refused`, () => assert.deepEqual(complaints(`${head}spec: ${spec}`), expected));
}
