import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, suite, test } from "node:test";
import { parseYaml } from "#lib/yaml.ts";
import type { Resource } from "#resources/resource.ts";
import { validate } from "#resources/validate.ts";
import type { SourceChange } from "#store/changes.ts";
import type { MatchQuestion } from "#translate/match-prediction.ts";
import { certificateAuthority } from "./support/certificate.ts";
import { changesOf, Gateway } from "./support/gateway.ts";
import { ingress, service, tlsSecret, together } from "./support/manifests.ts";
import { MatchTrial } from "./support/match-trial.ts";
import { RandomProxies } from "./support/random-proxies.ts";
import { RandomRequests } from "./support/random-requests.ts";
import { Random } from "./support/random.ts";
import { at, proxy } from "./support/routing-bed.ts";

const GOLDEN = resolve(import.meta.dirname, "../golden/translation");
const PER_CASE = 30;
const WORLDS = 10;
const PER_WORLD = 60;

/** Names outside are nobody's upstream: no test asks them. */
const UPSTREAMS = { allowLocal: [{ from: 1, to: 65_535 }], ownAddresses: [], externalName: false };

let gateway: Gateway;
let trial: MatchTrial;
const stack = new AsyncDisposableStack();

before(async () => {
  gateway = stack.use(await Gateway.start({ logRequests: true, settings: { upstreams: UPSTREAMS } }));
  await gateway.open();
  trial = new MatchTrial(gateway);
});

after(() => stack.disposeAsync());

/** The objects of the last world go, and these stand in their place. */
async function replaceWorld(changes: readonly SourceChange[]): Promise<void> {
  const { store } = gateway.controlPlane;
  const gone = store.states().map(({ ref }): SourceChange => ({ type: "delete", ref }));
  store.apply([...gone, ...changes]);
  await gateway.settled();
  trial.refresh();
}

/** Envoy's log is what predictions are compared with: it has to have each request. */
function logged(object: Resource): Resource {
  const { "binnacle.dev/access-log-share": _share, ...annotations } = object.metadata.annotations;
  return { ...object, metadata: { ...object.metadata, annotations } };
}

suite("what is predicted is what Envoy does", () => {
  test("over the manifests of the golden translations", async () => {
    const cases = readdirSync(GOLDEN).filter((file) => file.endsWith(".in.yaml"));
    for (const [index, file] of cases.entries()) {
      const changes = goldenChanges(readFileSync(join(GOLDEN, file), "utf8"));
      if (changes === undefined) continue;
      await replaceWorld(changes);
      const requests = new RandomRequests(new Random(index), trial.world);
      for (let count = 0; count < PER_CASE; count++) await trial.send(requests.question());
      await trial.compare().catch((error: unknown) => {
        throw new Error(`${file}: ${String(error)}`, { cause: error });
      });
    }
    assert.ok(trial.compared > 1_000, `${trial.compared} requests`);
  });

  test("over random trees of proxies", async () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= WORLDS; seed++) {
      const random = new Random(seed);
      const proxies = new RandomProxies(random, ["a.test", "b.test", "*.c.test"]);
      const objects = Array.from({ length: 40 }, () => logged(proxies.object()));
      await replaceWorld(objects.map((object) => ({ type: "put", object, origin: ORIGIN })));
      const requests = new RandomRequests(random, trial.world);
      for (let count = 0; count < PER_WORLD; count++) await trial.send(requests.question());
      const right = await trial.compare().catch((error: unknown) => {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      });
      for (const kind of Object.keys(right)) kinds.add(kind);
    }
    assert.deepEqual([...kinds].sort(), ["early", "noHost", "noRoute", "routed"]);
  });

  test("where a request does not come to a route, or by another way", async (t) => {
    const authority = certificateAuthority();
    const tls13 = { annotations: { "projectcontour.io/tls-minimum-protocol-version": "1.3" } };
    await replaceWorld(
      changesOf(
        together(
          tlsSecret("team", "cert", authority.issue(["shop.test", "own.test"])),
          ingress("team", "shop", "shop.test", "a", { secret: "cert" }),
          ingress("team", "own", "own.test", "a", { secret: "cert", ...tls13 }),
          ingress("team", "below", "*.wild.test", "a"),
          ingress("team", "rest", "", "b", { path: "/rest" }),
          proxy("root", {
            virtualhost: { fqdn: "proxy.test" },
            routes: [
              at("/from", { requestRedirectPolicy: { scheme: "https", hostname: "to.test", path: "/new" } }),
              at("/prefix", { requestRedirectPolicy: { prefix: "/there", port: 81, statusCode: 301 } }),
              at("/rooted", { requestRedirectPolicy: { prefix: "/", statusCode: 302 } }),
              { conditions: [{ regex: "/any/.*" }], requestRedirectPolicy: { prefix: "/all" } },
              at("/teapot", { directResponsePolicy: { statusCode: 418, body: "short" } }),
            ],
          }),
          service("team", "a", []),
          service("team", "b", []),
        ),
      ),
    );
    const asked = async (what: string, question: Partial<MatchQuestion>): Promise<void> => {
      await t.test(what, async () => {
        await trial.send({
          secure: false,
          method: "GET",
          authority: "shop.test",
          target: "/",
          headers: [],
          ...question,
        });
        await trial.compare();
      });
    };
    await asked("plain HTTP of a host with TLS is redirected, to the port of HTTPS", { target: "/a?b=c" });
    await asked("over TLS", { secure: true });
    await asked("another name than that of the handshake", {
      secure: true,
      authority: "own.test",
      serverName: "shop.test",
    });
    await asked("a host of its own TLS policy", { secure: true, authority: "own.test" });
    await asked("a host without TLS on a connection for another", {
      secure: true,
      authority: "x.test",
      serverName: "shop.test",
    });
    await asked("no certificate", { secure: true, authority: "none.test" });
    await asked("one label below a wildcard", { authority: "a.wild.test", target: "/rest" });
    await asked("two labels below a wildcard", { authority: "b.a.wild.test", target: "/rest" });
    await asked("two labels below, and no route", { authority: "b.a.wild.test", target: "/other" });
    await asked("an address that is redirected to another host", {
      authority: "proxy.test:8080",
      target: "/from/x?y=z",
    });
    await asked("a prefix that is redirected", { authority: "proxy.test", target: "/prefix/x?y=z" });
    for (const target of ["/rooted", "/rooted/", "/rooted/x?y=z", "/rootedly"])
      await asked(`a prefix that is taken away: ${target}`, { authority: "proxy.test", target });
    await asked("an expression that is redirected", { authority: "proxy.test", target: "/any/thing?y=z" });
    await asked("a direct answer", { authority: "proxy.test", target: "/teapot" });
    await asked("escaped slashes", { authority: "proxy.test", target: "/a%2Fb%5cc/..?x=%2f" });
    await asked("above the root", { authority: "proxy.test", target: "/../../teapot" });
    await asked("an underscore in a header's name", { headers: [["x_a", "1"]] });
  });
});

const ORIGIN = { file: "random.yaml" };

/** A case's valid objects with their endpoints at our upstream. Undefined: it needs settings or certificates of its own. */
function goldenChanges(yaml: string): readonly SourceChange[] | undefined {
  const parsed = parseYaml(yaml);
  if ("error" in parsed) throw new Error(parsed.error.message);
  const first = parsed.documents[0] as Readonly<Record<string, unknown>> | undefined;
  if (first === undefined || "settings" in first || "names" in first || /certificate [a-z]/.test(yaml))
    return undefined;
  return parsed.documents.flatMap((document): readonly SourceChange[] => {
    const checked = validate(document, { unknownFields: "error" });
    if (checked.type !== "accepted") return [];
    const { object } = checked;
    // Nobody outside of this machine is asked for anything.
    if (object.kind === "EndpointSlice" || object.kind === "Endpoints") return [];
    return [{ type: "put", object, origin: ORIGIN }];
  });
}
