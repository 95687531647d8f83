import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { test } from "node:test";
import { loadAll } from "js-yaml";
import type { ObjectsAnswer, StatusAnswer } from "#api/answers.ts";
import { createKubeClient } from "#kubernetes/http-client.ts";
import type { ServerMessage, SnapshotMessage } from "#traffic/messages.ts";
import { ApiSetting, cookieOf } from "../browser/simulated/api-setting.ts";
import { OTHER, OWN, twoTeams } from "../integration/support/two-teams.ts";
import { until } from "../integration/support/until.ts";
import { clusterAccess } from "../../src/main/cluster-access.ts";
import { createNamespace, grant, serviceAccountToken, withdraw } from "./support/access.ts";
import type { Manifest } from "./support/api-client.ts";
import { KubeBox } from "./support/kubebox.ts";
import { kubeconfig } from "./support/kubeconfig.ts";

const INGRESSES = { apiGroups: ["networking.k8s.io"], resources: ["ingresses"] };
const FOLDER = resolve(import.meta.dirname, "../../appliance/kubernetes");

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test("the home cluster's users see and do here what its RBAC lets them", { timeout: 180_000 }, async (t) => {
  // The groups that the examples of appliance/kubernetes name.
  const users = { sue: [OWN], vic: [`${OWN}-viewers`], ann: [], pat: [], root: ["system:masters"] };
  await using box = await KubeBox.start({ controllers: [], users });
  const { admin } = box;
  for (const file of ["control-plane-rbac.yaml", "team-rbac.yaml", "team-viewer-rbac.yaml"]) {
    await admin.apply(...(loadAll(await readFile(resolve(FOLDER, file), "utf8")) as Manifest[]));
  }
  await createNamespace(admin, OTHER);
  // The control plane asks with the rights of its own manifest, and no more.
  const token = await serviceAccountToken(admin, "binnacle-system", "control-plane");
  const text = kubeconfig({ url: box.url, authority: box.authority, token });
  await using parts = new AsyncDisposableStack();
  const client = parts.use(createKubeClient({ connection: { type: "inline", kubeconfig: text } }));
  let now = Date.now();
  const views = await twoTeams(t);
  const cluster = await clusterAccess(client, () => views.objects?.list().map(({ ref }) => ref) ?? [], parts);
  const setting = await ApiSetting.start(t, { ...views, cluster, now: () => now });
  /** What was answered before is no longer good. */
  const later = (): void => {
    now += 61_000;
  };
  const status = async (who: string) => {
    const { status: code, body } = await setting.anonymous("/api/v1/status", { headers: bearer(who) });
    return { code, principal: code === 200 ? (JSON.parse(body) as StatusAnswer).principal : undefined };
  };
  const [sue, ann, root] = [box.token("sue"), box.token("ann"), box.token("root")];

  await t.test("a team's user sees and operates their namespace: list, live view and kubectl", async () => {
    await until(
      async () => {
        later();
        return (await status(sue)).principal;
      },
      { accept: (principal) => principal?.operates.includes(OWN) === true, what: "the role to be known" },
    );
    assert.deepEqual((await status(sue)).principal, {
      name: "sue",
      role: "operator",
      namespaces: [OWN],
      operates: [OWN],
    });
    const { body } = await setting.anonymous("/api/v1/objects", { headers: bearer(sue) });
    const { objects }: ObjectsAnswer = JSON.parse(body);
    assert.deepEqual([...new Set(objects.map(({ ref }) => ref.namespace || ref.name))], [OWN]);
    const live = await setting.socket(bearer(sue));
    live.send(JSON.stringify({ type: "subscribe", recentRows: 100 }));
    const [data] = (await once(live, "message")) as [Buffer];
    assert.doesNotMatch(data.toString(), new RegExp(OTHER));
    const snapshot = JSON.parse(data.toString()) as ServerMessage as SnapshotMessage;
    assert.deepEqual(
      snapshot.requests.map(({ owner }) => owner?.namespace),
      [OWN],
    );
    live.terminate();
    const answer = await setting.anonymous(`/k8s/api/v1/namespaces/${OTHER}/services`, { headers: bearer(sue) });
    assert.equal(answer.status, 403);
  });

  await t.test(
    "who may list only is a viewer, who may do everything an admin, who may nothing sees nothing",
    async () => {
      assert.deepEqual((await status(ann)).principal, { name: "ann", role: "viewer", namespaces: [], operates: [] });
      await grant(admin, "watch-all", { to: { user: "ann" }, rules: [{ ...INGRESSES, verbs: ["list"] }] });
      await until(
        async () => {
          later();
          return (await status(ann)).principal?.namespaces;
        },
        { accept: (namespaces) => namespaces === "all", what: "the role" },
      );
      assert.deepEqual((await status(ann)).principal?.operates, []);
      assert.deepEqual((await status(root)).principal, {
        name: "root",
        role: "admin",
        namespaces: "all",
        operates: "all",
      });
    },
  );

  await t.test("whoever is bound as a viewer sees the namespace and operates nothing", async () => {
    assert.deepEqual((await status(box.token("vic"))).principal, {
      name: "vic",
      role: "viewer",
      namespaces: [OWN],
      operates: [],
    });
  });

  await t.test(
    "rights on one kind of route alone are enough: HTTPProxies to look, IngressRoutes to operate",
    async () => {
      const pat = box.token("pat");
      assert.deepEqual((await status(pat)).principal?.namespaces, []);
      const proxies = { apiGroups: ["projectcontour.io"], resources: ["httpproxies"], verbs: ["list"] };
      const routes = { apiGroups: ["contour.heptio.com"], resources: ["ingressroutes"], verbs: ["update"] };
      const become = (role: string) =>
        until(
          async () => {
            later();
            return (await status(pat)).principal;
          },
          { accept: (principal) => principal?.role === role && principal.namespaces.includes(OWN), what: role },
        );
      await grant(admin, "proxies", { to: { user: "pat" }, rules: [proxies], namespace: OWN });
      assert.deepEqual((await become("viewer"))?.namespaces, [OWN]);
      await grant(admin, "proxies", { to: { user: "pat" }, rules: [proxies, routes], namespace: OWN });
      assert.deepEqual((await become("operator"))?.operates, [OWN]);
    },
  );

  await t.test("a service account comes in by its token; one for another audience, and none, do not", async () => {
    await grant(admin, "ci", {
      to: { serviceAccount: `${OWN}/ci` },
      rules: [{ ...INGRESSES, verbs: ["list"] }],
      namespace: OWN,
    });
    const ci = await serviceAccountToken(admin, OWN, "ci");
    await until(
      async () => {
        later();
        return (await status(ci)).principal?.namespaces;
      },
      { accept: (namespaces) => namespaces?.includes(OWN) === true, what: "the binding" },
    );
    const path = `/api/v1/namespaces/${OWN}/serviceaccounts/ci/token`;
    const { status: other } = await admin.create<{ status: { token: string } }>(path, {
      spec: { audiences: ["somebody-else"] },
    });
    assert.equal((await status(other.token)).code, 401);
    assert.equal((await status("none")).code, 401);
  });

  await t.test(
    "signed in at the console, a right that is withdrawn ends with its time, and with it the live view",
    async () => {
      const entered = await setting.anonymous("/sign-in", {
        method: "POST",
        body: `token=${encodeURIComponent(ann)}`,
        headers: { "content-type": "application/x-www-form-urlencoded", origin: setting.api.url },
      });
      assert.equal(entered.status, 303);
      const cookie = cookieOf(entered);
      const live = await setting.socket({ cookie, origin: setting.api.url });
      await withdraw(admin, "watch-all");
      await until(
        async () => {
          later();
          return (await status(ann)).principal?.namespaces;
        },
        { accept: (namespaces) => namespaces?.length === 0, what: "the right to be gone" },
      );
      const closed = once(live, "close");
      setting.api.setUsers([]);
      assert.equal((await closed)[0], 4403);
      const page = await setting.anonymous("/api/v1/objects", { headers: { cookie } });
      assert.doesNotMatch(page.body, /team-/);
      const file = await readFile(setting.path("sessions.json"), "utf8");
      assert.equal(file.includes(ann), false, "the token is written nowhere");
    },
  );

  await t.test("while the API is away the known go on, then it is 503; the appliance's own token works", async () => {
    later();
    assert.equal((await status(sue)).code, 200);
    await box.kill();
    assert.equal((await status(sue)).code, 200);
    assert.equal((await status("unknown")).code, 503);
    later();
    assert.equal((await status(sue)).code, 503);
    assert.equal((await setting.get("/api/v1/status")).status, 200);
    await box.restart();
    await until(() => status(sue), { accept: ({ code }) => code === 200, what: "the API to answer again" });
  });
});
