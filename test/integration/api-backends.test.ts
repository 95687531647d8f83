import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  BackendDetailAnswer,
  BackendsAnswer,
  DependentRoutesAnswer,
  FoundServicesAnswer,
  HeldConfirmedAnswer,
  RemovalAnswer,
} from "#api/answers.ts";
import type { BackendsView } from "#api/ports/backends.ts";
import { ApiSetting } from "../browser/simulated/api-setting.ts";
import { simulatedBackends } from "../browser/simulated/simulated-backends.ts";

test("each backend with what of it is here; what is held is no gap", async (t) => {
  const setting = await ApiSetting.start(t);
  const { backends } = await setting.json<BackendsAnswer>("/api/v1/backends");
  assert.deepEqual(
    backends.map(({ name, services, endpoints, heldServices, unplacedServices }) => [
      name,
      services,
      endpoints,
      heldServices,
      unplacedServices,
    ]),
    [
      ["dc-east", { upstream: 6, here: 6 }, { upstream: 54, here: 54 }, 11, 0],
      ["os-west", { upstream: 3, here: 2 }, { upstream: 10, here: 7 }, 0, 1],
      ["shelf", { upstream: 0, here: 0 }, { upstream: 0, here: 0 }, 0, 0],
    ],
  );
  const east = await setting.json<BackendDetailAnswer>("/api/v1/backends/dc-east");
  assert.deepEqual(
    east.namespaces.map(({ namespace }) => namespace),
    ["team-blog", "team-pay", "team-shop"],
  );
  assert.equal(east.held.length, 11);
});

test("services by team, by backend, and one of them on all backends that have it", async (t) => {
  const setting = await ApiSetting.start(t);
  const names = async (query: string): Promise<readonly string[]> =>
    (await setting.json<FoundServicesAnswer>(`/api/v1/found-services?${query}`)).services.map(({ name }) => name);
  assert.deepEqual(await names("service=cart"), ["dc-east-cart", "os-west-cart"]);
  assert.deepEqual(await names("backend=os-west&namespace=team-shop"), ["os-west-cart", "os-west-stock"]);
});

test("an operator confirms, and removes after having seen what that hurts", async (t) => {
  const setting = await ApiSetting.start(t, { now: () => Date.now() });
  const confirmed = await setting.post("/api/v1/backends/dc-east/confirm", {});
  assert.deepEqual(JSON.parse(confirmed.body) as HeldConfirmedAnswer, { services: 11 });
  const { routes } = await setting.json<DependentRoutesAnswer>("/api/v1/backends/dc-east/routes");
  const removed = await setting.post("/api/v1/backends/dc-east/remove", { drainSeconds: 5 });
  assert.equal(removed.status, 202);
  assert.deepEqual((JSON.parse(removed.body) as RemovalAnswer).routes, routes);
  assert.equal((await setting.post("/api/v1/backends/dc-east/remove", { drainSeconds: 3601 })).status, 400);
  const unknown = await setting.post("/api/v1/backends/north/remove", {});
  assert.equal(unknown.status, 404);
  assert.match(unknown.body, /binnacle backends list/);
});

test("what is decided elsewhere is refused with where", async (t) => {
  const backends: BackendsView = {
    ...simulatedBackends(0),
    hindrance: (backend, action) => ({ detail: `${action} ${backend}`, fix: "do it there" }),
    confirm: () => assert.fail("it was confirmed"),
    remove: () => assert.fail("it was removed"),
    restore: () => assert.fail("it was restored"),
  };
  const setting = await ApiSetting.start(t, { backends });
  for (const action of ["confirm", "remove", "restore"]) {
    const answer = await setting.post(`/api/v1/backends/dc-east/${action}`, {});
    assert.equal(answer.status, 409);
    assert.match(answer.body, new RegExp(`${action} dc-east.*do it there`));
  }
});

test("a team sees its own part, and decides nothing that is everybody's", async (t) => {
  const setting = await ApiSetting.start(t, { principal: { name: "pay", namespaces: new Set(["team-pay"]) } });
  const read = async <T>(path: string): Promise<T> => JSON.parse((await setting.browse(path)).body) as T;
  const { backends } = await read<BackendsAnswer>("/api/v1/backends");
  assert.deepEqual(
    backends.map(({ services, heldServices, problems, failure }) => [
      services.upstream,
      heldServices,
      problems.length,
      failure?.message,
    ]),
    [
      [3, 0, 0, undefined],
      [1, 0, 0, "the platform cannot be read"],
      [0, 0, 0, undefined],
    ],
  );
  const { namespaces, held } = await read<BackendDetailAnswer>("/api/v1/backends/dc-east");
  assert.deepEqual([namespaces.map(({ namespace }) => namespace), held], [["team-pay"], []]);
  const { services } = await read<FoundServicesAnswer>("/api/v1/found-services");
  assert.deepEqual([...new Set(services.map(({ namespace }) => namespace))], ["team-pay"]);
  const { routes } = await read<DependentRoutesAnswer>("/api/v1/backends/dc-east/routes");
  assert.deepEqual(
    routes.map(({ owner }) => owner?.namespace),
    ["team-pay"],
  );
  const cookie = { cookie: setting.cookie, origin: setting.api.url, "sec-fetch-site": "same-origin" };
  for (const action of ["confirm", "remove", "restore"]) {
    const answer = await setting.post(`/api/v1/backends/dc-east/${action}`, {}, cookie);
    assert.equal(answer.status, 403, action);
  }
});
