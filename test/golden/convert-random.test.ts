import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { convertManifests } from "../../src/convert/convert-manifests.ts";
import { Random } from "../integration/support/random.ts";
import { translate } from "./translation.ts";

const NAMESPACES = ["t1", "t2"];
const SERVICES = ["s1", "s2"];
const STRATEGIES = ["RoundRobin", "WeightedLeastRequest", "Random", "Cookie"];

/** Random trees of IngressRoutes that are right: each part below one delegation, each prefix in one of them. */
class RandomIngressRoutes {
  readonly #random: Random;
  readonly documents: object[] = [];

  constructor(random: Random) {
    this.#random = random;
    for (const namespace of NAMESPACES)
      for (const name of SERVICES) {
        const metadata = { name, namespace };
        this.documents.push({ apiVersion: "v1", kind: "Service", metadata, spec: { ports: [{ port: 80 }] } });
      }
    for (const host of ["a.test", "b.test"]) this.#add(host, { fqdn: host }, "", 0);
  }

  #add(name: string, virtualhost: object | undefined, delegated: string, depth: number): string {
    const random = this.#random;
    const namespace = random.pick(NAMESPACES);
    const bare = delegated.replace(/\/$/, "");
    const matches = random.shuffled([`${bare}/x`, `${bare}/x-y`, `${bare}/z/`, `${bare}/long/one`]);
    const routes = [delegated === "" ? "/" : delegated, ...matches.slice(random.below(5))].map((match, index) => {
      if (index === 0 || depth === 3 || random.chance(0.5)) return { match, ...this.#sends() };
      const part = `${name}-${index}`;
      const into = this.#add(part, undefined, match, depth + 1);
      return { match, delegate: { name: part, ...(into === namespace ? {} : { namespace: into }) } };
    });
    const spec = { ...(virtualhost === undefined ? {} : { virtualhost }), routes };
    const metadata = { name, namespace };
    this.documents.push({ apiVersion: "contour.heptio.com/v1beta1", kind: "IngressRoute", metadata, spec });
    return namespace;
  }

  #sends(): object {
    const random = this.#random;
    const strategy = random.chance(0.5) ? { strategy: random.pick(STRATEGIES) } : {};
    const healthCheck = random.chance(0.2) ? { healthCheck: { path: "/live", intervalSeconds: random.below(9) } } : {};
    const services = [random.pick(SERVICES), ...random.some(SERVICES, 1)].map((name) => ({
      name,
      port: 80,
      ...(random.chance(0.5) ? { weight: random.below(100) } : {}),
      ...strategy,
      ...healthCheck,
    }));
    return {
      services,
      ...(services.length === 1 && random.chance(0.3) ? { enableWebsockets: true } : {}),
      ...(random.chance(0.2) ? { permitInsecure: true } : {}),
      ...(random.chance(0.3) ? { prefixRewrite: random.pick(["/", "/other", "/other/"]) } : {}),
      ...(random.chance(0.3) ? { timeoutPolicy: { request: random.pick(["0s", "5s", "infinity"]) } } : {}),
      ...(random.chance(0.3) ? { retryPolicy: { count: random.below(3), perTryTimeout: "1s" } } : {}),
    };
  }
}

/** What Envoy would be given, and what is said of the objects, without whose they are. */
function meaning(documents: readonly unknown[]): unknown {
  return JSON.parse(
    JSON.stringify(translate(documents), (key, value: unknown) =>
      key === "owner" || key === "from" ? undefined : value,
    ),
  );
}

suite("IngressRoutes and the HTTPProxies that they become", () => {
  test("50 random trees mean the same before and after", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const { documents } = new RandomIngressRoutes(new Random(seed));
      const text = documents.map((document) => JSON.stringify(document)).join("\n---\n");
      const converted = convertManifests([{ file: "random.yaml", text }]);
      assert.deepEqual(converted.problems, [], `seed ${seed}`);
      assert.ok(converted.converted >= 2);
      const after = meaning(converted.documents.map(({ value }) => value));
      assert.deepEqual(after, meaning(documents), `seed ${seed}`);
    }
  });
});
