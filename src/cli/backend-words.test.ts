import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { heldService, QUIET_BACKEND } from "#api/backends-for-tests.ts";
import { backendWords, routesTable } from "./backend-words.ts";

suite("a backend in words", () => {
  test("one that is well takes few of them", () => {
    const namespaces = [
      {
        namespace: "team-shop",
        services: { upstream: 2, here: 2 },
        endpoints: { upstream: 5, here: 5 },
        heldServices: 0,
        unplacedServices: 0,
      },
    ];
    assert.equal(
      backendWords({ ...QUIET_BACKEND, lastSync: 58_000, namespaces }, 60_000),
      `Name:       east
Platform:   kubernetes
State:      synced, for 60s
Last sync:  2s ago
Services:   0 of 0 upstream are here
Endpoints:  0 of 0 upstream are here
Lag:        none
Namespaces:
  NAMESPACE   SERVICES   ENDPOINTS
  team-shop   2/2        5/5
`,
    );
  });

  test("an outage says why and what to do; a removal when it ends; what waits for how long", () => {
    const failure = { kind: "credentials", message: "list services: 401", fix: "write valid credentials" };
    const words = backendWords(
      { ...QUIET_BACKEND, state: "draining", goneAt: 90_000, failure, waiting: 7, waitingSince: 30_000 },
      60_000,
    );
    assert.match(words, /^State: +draining, for 60s, gone in 30s$/m);
    assert.match(words, /^Last sync: +never$/m);
    assert.match(words, /^Error: +list services: 401 \(credentials\)\n +Fix: +write valid credentials$/m);
    assert.match(words, /^Lag: +7 services wait, for 30s$/m);
  });

  test("what is held says how to let it go, and a long list is cut", () => {
    const held = Array.from({ length: 23 }, (_, at) => heldService(`s${at}`, { isUpstream: at > 0 }));
    const words = backendWords({ ...QUIET_BACKEND, held }, 0);
    assert.match(words, /^Held: 23 services/m);
    assert.match(
      words,
      /^ {2}team-shop\/east-s0: upstream has it no more\n.*east-s1: upstream has no endpoints of it$/m,
    );
    assert.match(words, /^ {2}and 3 more: -o yaml shows all\n {2}to let them go: binnacle backends confirm east$/m);
  });

  test("what is kept away says by whom", () => {
    const problem = { severity: "error", path: "metadata.name", message: "taken", fix: "rename it" } as const;
    const words = backendWords(
      { ...QUIET_BACKEND, unplaced: [heldService("b", { problems: [problem] })], problems: [problem] },
      0,
    );
    assert.match(words, /^Not here:\n {2}team-shop\/east-b: metadata.name: taken; rename it$/m);
    assert.match(words, /^Problems upstream:\n {2}metadata.name: taken; rename it$/m);
  });
});

suite("the routes that need a backend, in words", () => {
  test("what each loses and keeps", () => {
    const owner = { kind: "Ingress", namespace: "team-shop", name: "shop" } as const;
    const lost = { namespace: "team-shop", name: "east-cart", port: 80, share: 0.255, endpoints: 3 };
    const table = routesTable([
      { owner, host: "shop.example", route: "prefix /", services: [lost], remaining: 2 },
      { host: "", route: "tcp listener db", services: [{ ...lost, share: 1 }], remaining: 0 },
    ]);
    assert.match(
      table,
      /^Ingress team-shop\/shop +shop.example +prefix \/ +east-cart:80 \(3 endpoints, 26%\) +2 endpoints$/m,
    );
    assert.match(table, /tcp listener db +east-cart:80 \(3 endpoints, 100%\) +nothing: answers 503$/m);
    assert.equal(routesTable([]), "no route sends traffic to it\n");
  });
});
