import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted } from "#resources/complaints.ts";
import { readPreference } from "#resources/preference.ts";
import { readRouteAnnotations } from "#resources/route-annotations.ts";
import { refOf } from "#resources/resource.ts";
import type { TranslateSettings } from "../settings.ts";
import type { Reader } from "../unit.ts";
import { ProxyProblems } from "./proxy-problems.ts";
import { proxyRoute } from "./proxy-route.ts";

const NOTHING: Reader = {
  get: () => undefined,
  kept: () => undefined,
  list: () => [],
  facts: () => [],
  name: () => undefined,
  gateway: () => undefined,
};

/** The answer to a direct response with a body of this many bytes, and what is said about it. */
function answerTo(bytes: number): readonly [status: number, reasons: readonly string[]] {
  const spec = { routes: [{ directResponsePolicy: { statusCode: 200, body: "x".repeat(bytes) } }] };
  const metadata = { name: "shop", namespace: "team" };
  const object = accepted(
    "HTTPProxy",
    JSON.stringify({ apiVersion: "projectcontour.io/v1", kind: "HTTPProxy", metadata, spec }),
  );
  const ref = refOf(object);
  const problems = new ProxyProblems();
  const [route] = object.spec.routes;
  const placed = { proxy: { ref, object, hash: "", sequence: 0 }, route: route!, path: "spec.routes[0]", above: [] };
  const settings = {
    requestTimeout: 0,
    proxies: { rootNamespaces: [], permitInsecure: true },
  } as Partial<TranslateSettings>;
  const context = {
    read: NOTHING,
    settings: settings as TranslateSettings,
    problems,
    needs: [],
    authorization: undefined,
    jwt: undefined,
  };
  const made = proxyRoute(placed, {
    ...context,
    ref,
    preference: readPreference({}).value,
    annotations: readRouteAnnotations({}).value,
    path: placed.path,
  });
  assert.equal(made?.action.type, "respond");
  return [made.action.status, problems.verdicts.map(({ reason }) => reason)];
}

test("a body that Envoy would not take costs its route, and not the whole host", () => {
  assert.deepEqual(answerTo(4096), [200, []]);
  assert.deepEqual(answerTo(4097), [503, ["DirectResponsePolicyNotValid"]]);
});
