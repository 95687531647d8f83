import assert from "node:assert/strict";
import { test } from "node:test";
import { EARLIER_QUERY, earlierErrors, earlierRates, earlierRequests, type InstantAnswer } from "./earlier.ts";

function answer(figures: Readonly<Record<string, number>>): InstantAnswer {
  const result = Object.entries(figures).map(([figure, value]) => ({
    metric: { figure },
    value: [0, String(value)] as const,
  }));
  return { data: { result } };
}

test("an hour and a day ago, in a tile's words", () => {
  const rates = earlierRates(answer({ "requests 1h": 52.1, "errors 1h": 0.6, "requests 1d": 400, "errors 1d": 0 }));
  assert.equal(earlierRequests(rates), "52.1/s an hour ago, 400/s a day ago");
  assert.equal(earlierErrors(rates), "1.2% an hour ago, 0% a day ago");
});

test("a time before the first request is left out, and no error was none", () => {
  const rates = earlierRates(answer({ "requests 1h": 0 }));
  assert.deepEqual([earlierRequests(rates), earlierErrors(rates)], ["0/s an hour ago", "0% an hour ago"]);
  assert.deepEqual([earlierRequests([]), earlierErrors([])], ["", ""]);
});

test("one question asks for all of it", () => {
  assert.equal(EARLIER_QUERY.split(" or ").length, 4);
});
