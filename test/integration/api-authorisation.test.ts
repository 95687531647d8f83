import assert from "node:assert/strict";
import { once } from "node:events";
import { suite, test } from "node:test";
import { ACCESS_RULES, type AccessRule, type Need, needOf } from "#api/access-rules.ts";
import { tokenHash, type UserSettings } from "#api/auth/users.ts";
import type { ServerMessage } from "#traffic/messages.ts";
import { ApiSetting } from "../browser/simulated/api-setting.ts";
import { type RegisteredRoute, registeredRoutes } from "./support/registered-routes.ts";
import { BEHIND_GATEWAY, OTHER, OWN, twoTeams } from "./support/two-teams.ts";

/** Who asks. Each is a user whose token is their name. */
const USERS = ["viewer", "operator", "all-viewer", "all-operator", "admin"] as const;
type User = (typeof USERS)[number];

const users: readonly UserSettings[] = USERS.map((name) => ({
  name,
  tokenHashes: [tokenHash(name)],
  role: name === "admin" ? "admin" : name.endsWith("operator") ? "operator" : "viewer",
  namespaces: name.includes("all") || name === "admin" ? "all" : [OWN],
}));

/** Who meets a need, beside the state directory's token, which meets all. */
const MEETS: Readonly<Record<Need, readonly User[]>> = {
  nothing: USERS,
  signedIn: USERS,
  operator: ["operator", "all-operator", "admin"],
  allNamespaces: ["all-viewer", "all-operator", "admin"],
  operatorOfAll: ["all-operator", "admin"],
  admin: ["admin"],
  token: [],
};

interface Sample {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** The answer holds what is the other team's, for those who see all namespaces: so leaving it out means something. */
  readonly tells?: boolean;
}

const get = (path: string, tells = false): Sample => ({ method: "GET", path, tells });
const silence = (namespace: string): unknown => ({
  matchers: [{ name: "namespace", value: namespace }],
  comment: "why",
  minutes: 5,
});

/** At least one request for each rule, by its path. */
const SAMPLES: Readonly<Record<string, readonly Sample[]>> = {
  "/healthz": [get("/healthz")],
  "/readyz": [get("/readyz")],
  "/sign-in": [get("/sign-in")],
  "/sign-out": [{ method: "POST", path: "/sign-out" }],
  "/api/v1/status": [get("/api/v1/status", true)],
  "/api/v1/objects": [get("/api/v1/objects", true), get("/api/v1/objects?problems=true", true)],
  "/api/v1/objects/:kind/:namespace/:name": [
    get(`/api/v1/objects/Ingress/${OWN}/${OWN}`),
    get(`/api/v1/objects/Ingress/${OTHER}/${OTHER}`, true),
    get(`/api/v1/objects/Secret/${OTHER}/keys`, true),
  ],
  "/api/v1/explain": [
    { method: "POST", path: "/api/v1/explain", body: { authority: `${OWN}.example` } },
    { method: "POST", path: "/api/v1/explain", body: { authority: `${OTHER}.example` }, tells: true },
    { method: "POST", path: "/api/v1/explain", body: { authority: `east.${OWN}.example` }, tells: true },
  ],
  "/api/v1/diff": [{ method: "POST", path: "/api/v1/diff", body: { files: [], prune: true } }],
  "/api/v1/backends": [get("/api/v1/backends", true)],
  "/api/v1/backends/:name": [get("/api/v1/backends/east", true)],
  "/api/v1/backends/:name/routes": [get("/api/v1/backends/east/routes", true)],
  "/api/v1/backends/:name/confirm": [{ method: "POST", path: "/api/v1/backends/east/confirm" }],
  "/api/v1/backends/:name/remove": [{ method: "POST", path: "/api/v1/backends/east/remove", body: {} }],
  "/api/v1/backends/:name/restore": [{ method: "POST", path: "/api/v1/backends/east/restore" }],
  "/api/v1/found-services": [get("/api/v1/found-services", true)],
  "/api/v1/traffic": [get("/api/v1/traffic")],
  "/api/v1/traffic/totals": [
    get("/api/v1/traffic/totals", true),
    get("/api/v1/traffic/totals?endpoint=10.0.0.1:8080", true),
  ],
  "/api/v1/traffic/requests": [get("/api/v1/traffic/requests", true)],
  "/api/v1/traffic/sampling": [get("/api/v1/traffic/sampling")],
  "/api/v1/traffic/markers": [get("/api/v1/traffic/markers", true)],
  "/api/v1/traffic/pins": [
    get("/api/v1/traffic/pins", true),
    { method: "POST", path: "/api/v1/traffic/pins", body: { target: { client: "192.0.2.1" } } },
  ],
  "/api/v1/traffic/pins/:id": [{ method: "DELETE", path: "/api/v1/traffic/pins/none" }],
  "/api/v1/alerts": [get("/api/v1/alerts", true)],
  "/api/v1/silences": [get("/api/v1/silences", true), { method: "POST", path: "/api/v1/silences", body: silence(OWN) }],
  "/api/v1/silences/:id": [{ method: "DELETE", path: `/api/v1/silences/silence-of-${OWN}` }],
  "/api/v1/sign-in-links": [{ method: "POST", path: "/api/v1/sign-in-links" }],
  "/k8s/*": [
    get("/k8s/apis"),
    get("/k8s/api/v1/services", true),
    get("/k8s/api/v1/secrets", true),
    get("/k8s/api/v1/namespaces", true),
    get("/k8s/apis/networking.k8s.io/v1/ingresses?limit=1"),
    get(`/k8s/apis/networking.k8s.io/v1/namespaces/${OWN}/ingresses`),
  ],
  "/metrics": [get("/metrics")],
  "/prometheus/*": [
    get("/prometheus/api/v1/query?query=up"),
    { method: "POST", path: "/prometheus/api/v1/query", body: "query=up" },
  ],
  "/alertmanager/*": [
    get("/alertmanager/api/v2/alerts"),
    { method: "POST", path: "/alertmanager/api/v2/silences", body: { createdBy: "x", ...(silence(OWN) as object) } },
    { method: "DELETE", path: "/alertmanager/api/v2/silence/silence-of-x" },
  ],
  "/alerts/runbooks/:file": [get("/alerts/runbooks/None.md")],
  "/assets/*": [get("/assets/none.js")],
  "/": [get("/")],
};

suite("who may ask what", () => {
  test("every route that is registered is named by a rule, and every rule names a route", async () => {
    const routes = await registeredRoutes();
    assert.ok(routes.length > 20, `${routes.length} routes found`);
    const unnamed = routes.filter((route) => !ACCESS_RULES.some((rule) => names(rule, route)));
    assert.deepEqual(unnamed, [], "add a row to src/api/access-rules.ts, and a sample here");
    const idle = ACCESS_RULES.filter((rule) => !routes.some((route) => names(rule, route)));
    assert.deepEqual(idle, []);
    assert.deepEqual(
      ACCESS_RULES.map(({ path }) => path).filter((path) => SAMPLES[path] === undefined),
      [],
      "every rule is tried below",
    );
  });

  test("each route answers those who may, refuses the others, and tells a team nothing of another", async (t) => {
    const setting = await ApiSetting.start(t, { ...(await twoTeams(t, BEHIND_GATEWAY)), users });
    const ask = ({ method, path, body }: Sample, headers: Readonly<Record<string, string>>) =>
      setting.anonymous(path, {
        method,
        headers: { "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body), ...lengthOf(body, headers) }),
      });
    for (const [rule, samples] of Object.entries(SAMPLES)) {
      for (const sample of samples) {
        const { method, path, tells = false } = sample;
        const what = `${method} ${path}, by ${rule}`;
        const need = needOf(method, path.replace(/\?.*/, ""));
        const nobody = await ask(sample, {});
        assert.equal(nobody.status === 401, need !== "nothing", `nobody: ${what}`);
        for (const user of USERS) {
          const answer = await ask(sample, { authorization: `Bearer ${user}` });
          const may = MEETS[need].includes(user);
          assert.notEqual(answer.status, 401, `${user}: ${what}`);
          assert.equal(answer.status === 403, !may, `${user}: ${what}: ${answer.status} ${answer.body.slice(0, 300)}`);
          const seesAll = MEETS.allNamespaces.includes(user);
          if (!seesAll) assert.doesNotMatch(answer.body, new RegExp(OTHER), `${user}: ${what}`);
          else if (tells) assert.match(answer.body, new RegExp(OTHER), `${user}: ${what}`);
          assert.doesNotMatch(answer.body, /hunter2|aHVudGVyMg/, `${user}: ${what}`);
        }
        const operator = await ask(sample, setting.bearer);
        assert.ok(operator.status !== 401 && operator.status !== 403, `the token: ${what}: ${operator.status}`);
      }
    }
  });

  test("what a team does reaches no other: its silences, its pins, its kubectl", async (t) => {
    const setting = await ApiSetting.start(t, { ...(await twoTeams(t)), users });
    const operator = { authorization: "Bearer operator" };
    const status = async (method: string, path: string, body?: unknown) => {
      const headers = { ...operator, "content-type": "application/json" };
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      return (await setting.anonymous(path, { method, headers, ...sent })).status;
    };
    assert.equal(await status("POST", "/api/v1/silences", silence(OTHER)), 403);
    assert.equal(await status("DELETE", `/api/v1/silences/silence-of-${OTHER}`), 404);
    const { pins } = await setting.json<{ pins: { id: string; target: { host?: string } }[] }>("/api/v1/traffic/pins");
    const [own, other] = [OWN, OTHER].map((team) => pins.find(({ target }) => target.host === `${team}.example`)?.id);
    assert.equal(await status("DELETE", `/api/v1/traffic/pins/${other}`), 404);
    assert.equal(await status("DELETE", `/api/v1/traffic/pins/${own}`), 204);
    assert.equal(await status("GET", `/k8s/api/v1/namespaces/${OTHER}/services/web`), 403);
    assert.equal(await status("GET", `/k8s/api/v1/namespaces/${OTHER}`), 403);
  });

  test("a team's live view tells nothing of another, and a viewer's changes nothing", async (t) => {
    const setting = await ApiSetting.start(t, { ...(await twoTeams(t)), users });
    const heard = new Map<User, string>();
    for (const user of USERS) {
      const live = await setting.socket({ authorization: `Bearer ${user}` });
      const messages: ServerMessage[] = [];
      const told = Promise.withResolvers<void>();
      live.on("message", (data: Buffer) => {
        const message = JSON.parse(data.toString()) as ServerMessage;
        messages.push(message);
        if (message.type === "history") told.resolve();
      });
      for (const message of [
        { type: "subscribe", filter: { namespaces: [OTHER] }, recentRows: 100, columns: 60 },
        { type: "subscribe", filter: { hosts: [`${OTHER}.example`] }, recentRows: 100, columns: 60 },
        { type: "subscribe", recentRows: 100, columns: 60 },
        { type: "pin", pin: { client: `${user}'s` } },
        { type: "history", id: "1", limit: 100 },
      ]) {
        live.send(JSON.stringify(message));
      }
      await told.promise;
      // What it was asked for itself is repeated to it.
      const shown = messages.map((message) => ({ ...message, filter: undefined }));
      heard.set(user, JSON.stringify(shown));
      const closed = once(live, "close");
      live.close();
      await closed;
    }
    for (const user of ["viewer", "operator"] as const) assert.doesNotMatch(heard.get(user) ?? "", new RegExp(OTHER));
    for (const user of MEETS.allNamespaces) assert.match(heard.get(user) ?? "", new RegExp(OTHER));
    assert.match(heard.get("viewer") ?? "", /only an operator pins/);
    const { pins } = await setting.json<{ pins: { target: { client?: string } }[] }>("/api/v1/traffic/pins");
    assert.deepEqual(
      pins.flatMap(({ target }) => target.client ?? []),
      ["operator's", "all-operator's", "admin's"],
    );
  });
});

/** Prometheus' queries say their length. */
function lengthOf(body: unknown, headers: Readonly<Record<string, string>>) {
  const length = String(Buffer.byteLength(JSON.stringify(body)));
  return { headers: { "content-type": "application/json", "content-length": length, ...headers } };
}

function names(rule: AccessRule, { method, path }: RegisteredRoute): boolean {
  const isThere = rule.path.endsWith("/*") ? `${path}/`.startsWith(rule.path.slice(0, -1)) : rule.path === path;
  return isThere && (rule.methods === "any" || method === "ANY" || rule.methods.includes(method));
}
