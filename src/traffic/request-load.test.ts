import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowTable } from "./flows.ts";
import { RequestLoad } from "./request-load.ts";

test("of a route that has few of its ordinary requests logged only those are loggable, so that the budget is the others'", () => {
  const flows = new FlowTable();
  const checks = flows.flow("e", "http", "a.test/HTTPProxy/team/checks/prefix /live", "");
  const shop = flows.flow("e", "http", "a.test/HTTPProxy/team/shop/prefix /", "");
  const load = new RequestLoad();
  load.routeShares = new Map([["a.test/HTTPProxy/team/checks/prefix /live", 0.01]]);
  load.add(
    "e",
    [
      { flow: checks, code: 200, flags: [], requests: 2000 },
      { flow: checks, code: 503, flags: ["UF"], requests: 10 },
      { flow: shop, code: 200, flags: [], requests: 40 },
    ],
    2000,
  );
  assert.deepEqual([load.loggable, load.others, load.failed], [30, 1020, 5]);
  load.routeShares = new Map();
  load.add("e", [{ flow: checks, code: 200, flags: [], requests: 2000 }], 1000);
  assert.deepEqual([load.loggable, load.others, load.failed], [2000, 2000, 0]);
});
