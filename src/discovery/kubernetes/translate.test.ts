import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { accepted } from "#resources/complaints.ts";
import { isIgnored, translateService } from "./translate.ts";

const service = (text: string) => accepted("Service", `apiVersion: v1\nkind: Service\n${text}`);
const slice = (text: string) =>
  accepted("EndpointSlice", `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n${text}`);
const endpoints = (text: string) => accepted("Endpoints", `apiVersion: v1\nkind: Endpoints\n${text}`);

const cart = service(`
metadata: {name: cart, namespace: shop, labels: {app: cart}, annotations: {a.example/b: c}}
spec:
  selector: {app: cart}
  clusterIP: 10.96.0.7
  sessionAffinity: ClientIP
  ports:
  - {name: http, port: 80, targetPort: web, nodePort: 30080, appProtocol: http}
  - {name: dns, port: 53, protocol: UDP}
`);

suite("a Service of another cluster", () => {
  test("ports keep names, numbers, protocol and appProtocol, and its slices' ports what a targetPort became", () => {
    const { service: found, problems } = translateService(
      cart,
      {
        slices: [
          slice(`
metadata: {name: cart-x, namespace: shop, labels: {kubernetes.io/service-name: cart}}
addressType: IPv4
ports: [{name: http, port: 8080, appProtocol: http}, {name: dns, protocol: UDP, port: 5353}, {name: any, port: null}]
endpoints:
- {addresses: [10.0.0.1, 10.0.0.9], zone: eu-1a, hostname: cart-0, nodeName: n1, targetRef: {kind: Pod, name: cart-0}}
- {addresses: [10.0.0.2], conditions: {ready: false, serving: true, terminating: true}}
`),
        ],
      },
      "team-shop",
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(found, {
      scope: "shop",
      service: "cart",
      namespace: "team-shop",
      labels: { app: "cart" },
      annotations: { "a.example/b": "c" },
      ports: [
        { name: "http", port: 80, protocol: "TCP", appProtocol: "http" },
        { name: "dns", port: 53, protocol: "UDP" },
      ],
      endpoints: [
        {
          addressType: "IPv4",
          ports: [
            { name: "http", protocol: "TCP", port: 8080, appProtocol: "http" },
            { name: "dns", protocol: "UDP", port: 5353 },
          ],
          endpoints: [
            { address: "10.0.0.1", ready: true, serving: true, terminating: false, hostname: "cart-0", zone: "eu-1a" },
            { address: "10.0.0.2", ready: false, serving: true, terminating: true },
          ],
        },
      ],
      sessionAffinity: "ClientIP",
    });
  });

  test("its Endpoints object, where the server has no slices", () => {
    const { service: found } = translateService(
      cart,
      {
        endpoints: endpoints(`
metadata: {name: cart, namespace: shop}
subsets:
- addresses: [{ip: 10.0.0.1, hostname: cart-0}, {ip: "2001:db8::1"}]
  notReadyAddresses: [{ip: 10.0.0.2}]
  ports: [{name: http, port: 8080}]
`),
      },
      "shop",
    );
    const ports = [{ name: "http", protocol: "TCP", port: 8080 }];
    assert.deepEqual(found.endpoints, [
      {
        addressType: "IPv4",
        ports,
        endpoints: [
          { address: "10.0.0.1", ready: true, serving: true, terminating: false, hostname: "cart-0" },
          { address: "10.0.0.2", ready: false, serving: false, terminating: false },
        ],
      },
      {
        addressType: "IPv6",
        ports,
        endpoints: [{ address: "2001:db8::1", ready: true, serving: true, terminating: false }],
      },
    ]);
  });

  test("one without endpoints is there all the same", () => {
    assert.deepEqual(translateService(cart, { slices: [] }, "shop").service.endpoints, []);
    assert.deepEqual(translateService(cart, { endpoints: undefined }, "shop").service.endpoints, []);
  });

  test("a headless one is like any other", () => {
    const headless = service("metadata: {name: db, namespace: shop}\nspec: {clusterIP: None, ports: [{port: 5432}]}");
    const { service: found } = translateService(headless, { slices: [] }, "shop");
    assert.deepEqual(found.ports, [{ name: "", port: 5432, protocol: "TCP" }]);
  });

  test("an ExternalName stands for its host", () => {
    const external = service(
      "metadata: {name: db, namespace: shop}\nspec: {type: ExternalName, externalName: db.example.com}",
    );
    const { service: found, problems } = translateService(external, { slices: [] }, "shop");
    assert.equal(found.externalName, "db.example.com");
    assert.deepEqual(problems, []);
  });

  for (const host of ["cart.shop.svc.cluster.local", "cart.shop.svc", "x.corp.cluster.local"]) {
    test(`an ExternalName of the cluster's own DNS, ${host}, is empty here and says why`, () => {
      const external = service(
        `metadata: {name: db, namespace: shop}\nspec: {type: ExternalName, externalName: ${host}}`,
      );
      const { service: found, problems } = translateService(external, { slices: [] }, "shop");
      assert.equal(found.externalName, undefined);
      assert.match(problems[0]?.message ?? "", /Service shop\/db stands for .* only its own cluster can resolve/);
    });
  }
});

test("the cluster's own Services and what was itself discovered are ignored", () => {
  const metadata = (text: string) => service(`metadata: ${text}\nspec: {ports: [{port: 80}]}`);
  assert.ok(isIgnored(metadata("{name: dns, namespace: kube-system}")));
  assert.ok(isIgnored(metadata("{name: kubernetes, namespace: default}")));
  for (const label of ["gimbal.projectcontour.io/backend", "gimbal.heptio.com/backend", "gimbal.heptio.com/cluster"]) {
    assert.ok(isIgnored(metadata(`{name: x, namespace: shop, labels: {${label}: east}}`)), label);
  }
  assert.ok(!isIgnored(metadata("{name: kubernetes, namespace: shop}")));
  assert.ok(!isIgnored(metadata("{name: web, namespace: default, labels: {gimbal.projectcontour.io/other: x}}")));
});
