import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { ClusterState, Rates, RouteTotals, Totals } from "#traffic/table-rows.ts";
import type { TopPicture } from "./top-picture.ts";
import { type Size, topText } from "./top-text.ts";

function size(height: number, width = Number.POSITIVE_INFINITY): Size {
  return { height, width };
}

const COUNTS = { requests: 1234, byClass: {}, byFlag: {} } as unknown as Totals["counts"];

function rates(perSecond: number, errorRatio = 0): Rates {
  return {
    seconds: 10,
    perSecond,
    errorsPerSecond: perSecond * errorRatio,
    errorRatio,
    latency: { p50: 4.2, p90: 50, p99: 310 },
  };
}

function route(host: string, perSecond: number, errorRatio = 0): RouteTotals {
  return { key: host, host, route: "prefix /", counts: COUNTS, rates: rates(perSecond, errorRatio) } as RouteTotals;
}

function cluster(service: string, healthy: number, perSecond: number): ClusterState {
  return {
    key: service,
    upstream: { backend: "local", namespace: "a", service, port: 80 },
    counts: COUNTS,
    rates: rates(perSecond),
    healthy,
    endpoints: [{}, {}],
  } as unknown as ClusterState;
}

function picture(routes: readonly RouteTotals[], clusters: readonly ClusterState[]): TopPicture {
  return {
    totals: { counts: COUNTS, rates: rates(12, 0.01) },
    sampling: { words: "showing all requests", envoys: [] } as unknown as TopPicture["sampling"],
    streams: [],
    envoys: new Map(),
    routes: new Map(routes.map((row) => [row.key, row])),
    clusters: new Map(clusters.map((row) => [row.key, row])),
  };
}

const plain = (_ink: string, text: string): string => text;

suite("the picture of binnacle top", () => {
  test("the busiest first, numbers right", () => {
    const text = topText(
      picture([route("slow.test", 1), route("busy.test", 1200.5)], [cluster("s", 2, 3)]),
      size(40),
      plain,
    );
    assert.deepEqual(text.split("\n"), [
      "12.0 requests/s   1.0% failed   p50 4.2ms  p99 310ms   1,234 requests since the start",
      "showing all requests",
      "",
      "HOST        ROUTE      OBJECT    REQ/S   FAILED      P50      P99",
      "busy.test   prefix /   -        1200.5     0.0%    4.2ms    310ms",
      "slow.test   prefix /   -           1.0     0.0%    4.2ms    310ms",
      "",
      "UPSTREAM   HEALTHY    REQ/S   FAILED      P50      P99",
      "a/s:80     2/2          3.0     0.0%    4.2ms    310ms",
      "",
    ]);
  });

  test("below an upstream stands who takes over from it", () => {
    const by = { backend: "west", namespace: "a", service: "w", port: 80 };
    const sentTo = [
      { upstream: { ...by, backend: "local", service: "s" }, requests: 9, perSecond: 0 },
      { upstream: by, requests: 7, perSecond: 3 },
      { upstream: { ...by, service: "x" }, requests: 0, perSecond: 0 },
    ];
    const inks = new Map<string, string>();
    const text = topText(
      picture([], [{ ...cluster("s", 1, 3), sentTo }, cluster("t", 0, 1)]),
      size(40),
      (ink, words) => {
        inks.set(words, ink);
        return words;
      },
    );
    assert.match(text, /a\/s:80 .*\n {2}of these to west a\/w:80 +3\.0 *\na\/t:80/);
    assert.equal(inks.get("0/2"), "bad", "of the line that it stands in");
  });

  test("what fails stands out, and so does an upstream without its endpoints", () => {
    const inks = new Map<string, string>();
    const routes = [route("a.test", 3, 0.01), route("b.test", 2, 0.5), route("c.test", 1)];
    topText(picture(routes, [cluster("s", 1, 2), cluster("t", 0, 1)]), size(40), (ink, text) => {
      inks.set(text, ink);
      return text;
    });
    assert.deepEqual(
      ["1.0%", "50.0%", "0.0%", "1/2", "0/2"].map((words) => inks.get(words)),
      ["poor", "bad", undefined, "poor", "bad"],
    );
  });

  test("it fits the terminal", () => {
    const routes = Array.from({ length: 50 }, (_, index) => route(`h${index}.test`, index));
    const text = topText(picture(routes, [cluster("s", 2, 3)]), size(24), plain);
    assert.ok(text.split("\n").length <= 24, text);
    assert.match(text, /h49\.test/);
    assert.doesNotMatch(text, /h0\.test/);
  });

  test("in a narrow terminal names are cut, and no figure is lost", () => {
    const long = "a-very-long-host-name-of-a-team-that-likes-them.example.com";
    const text = topText(picture([route(long, 1200.5)], [cluster("s", 2, 3)]), size(40, 80), plain);
    const lines = text.split("\n").filter((line) => line.includes("1200.5"));
    assert.equal(lines.length, 1);
    for (const line of text.split("\n").slice(3)) assert.ok(line.length <= 80, line);
    assert.match(lines[0] ?? "", /^a-very-long-\S*…   .*1200\.5 .*%/);
  });
});
