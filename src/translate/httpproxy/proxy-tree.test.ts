import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted } from "#resources/complaints.ts";
import type { HttpProxy } from "#resources/httpproxy.ts";
import { refOf } from "#resources/resource.ts";
import type { StoredObject } from "#store/object-state.ts";
import { ProxyProblems } from "./proxy-problems.ts";
import { proxyTree } from "./proxy-tree.ts";

function stored(name: string, spec: object): StoredObject<HttpProxy> {
  const metadata = { name, namespace: "team" };
  const text = JSON.stringify({ apiVersion: "projectcontour.io/v1", kind: "HTTPProxy", metadata, spec });
  const object = accepted("HTTPProxy", text);
  return { ref: refOf(object), object, hash: name, sequence: 0 };
}

test("a tree that doubles on each level ends, and is told", () => {
  const levels = 30;
  const proxies = new Map(
    Array.from({ length: levels }, (_, level) => {
      const below = ["/a", "/b"].map((prefix) => ({ name: `level-${level + 1}`, conditions: [{ prefix }] }));
      const includes = level === levels - 1 ? [] : below;
      return [
        `level-${level}`,
        stored(`level-${level}`, { includes, routes: [{ services: [{ name: "a", port: 80 }] }] }),
      ];
    }),
  );
  const problems = new ProxyProblems();
  const root = proxies.get("level-0")!;
  const { routes, included } = proxyTree(root, (_namespace, name) => proxies.get(name), problems);
  assert.equal(routes.length, 5_001);
  assert.ok(included.length >= 20);
  assert.deepEqual([...new Set(problems.verdicts.map(({ reason }) => reason))], ["TooManyIncludes"]);
});
