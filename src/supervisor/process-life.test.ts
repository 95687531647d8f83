import assert from "node:assert/strict";
import { test } from "node:test";
import { ProcessLife } from "./process-life.ts";

const BACKOFF = { baseMs: 100, maxMs: 1000, stableMs: 5000, loopAfter: 3 };

function life(): { life: ProcessLife; clock: { now: number; elapsed: number }; seen: string[] } {
  const clock = { now: 0, elapsed: 0 };
  const it = new ProcessLife(
    BACKOFF,
    () => clock.now,
    () => clock.elapsed,
  );
  const seen: string[] = [];
  it.events.on("state", (next, before) => seen.push(`${before.state}>${next.state}`));
  return { life: it, clock, seen };
}

test("ends in a row become a crash loop, which is still tried again", () => {
  const { life: it, seen } = life();
  const pauses = [1, 2, 3, 4].map((pid) => {
    it.starting(pid);
    return it.ended(`end ${pid}`);
  });
  assert.deepEqual(
    seen.filter((_, index) => index % 2 === 1),
    ["starting>backoff", "starting>backoff", "starting>failed", "starting>failed"],
  );
  assert.ok(pauses.every((pause, index) => pause <= 100 * 2 ** index && pause >= 50 * 2 ** index));
  assert.equal(it.ends, 4);
  assert.ok(it.state.state === "failed" && it.state.attempt === 4 && it.state.reason === "end 4");
});

test("a stable life ends the series", () => {
  const { life: it, clock } = life();
  it.starting(1);
  it.ended("at once");
  it.starting(2);
  it.live(2, false);
  clock.elapsed += BACKOFF.stableMs;
  it.ended("much later");
  assert.ok(it.state.state === "backoff" && it.state.attempt === 1);
});

test("a clock that is set makes no life longer or shorter", () => {
  const { life: it, clock } = life();
  for (const attempt of [1, 2]) {
    it.live(attempt, false);
    clock.now += 10 * BACKOFF.stableMs;
    it.ended("at once");
    assert.ok(it.state.state === "backoff" && it.state.attempt === attempt);
  }
  it.live(3, false);
  clock.now -= 10 * BACKOFF.stableMs;
  clock.elapsed += BACKOFF.stableMs;
  it.ended("much later");
  assert.ok(it.state.state === "backoff" && it.state.attempt === 1);
});

test("a short life does not", () => {
  const { life: it, clock } = life();
  it.live(1, true);
  clock.now += BACKOFF.stableMs - 1;
  it.ended("a");
  it.live(2, false);
  it.ended("b");
  assert.ok(it.state.state === "backoff" && it.state.attempt === 2);
});

test("the same news twice is one event", () => {
  const { life: it, seen } = life();
  it.live(1, false);
  it.live(1, false);
  it.stopped();
  it.stopped();
  assert.deepEqual(seen, ["stopped>live", "live>stopped"]);
});

test("a state has the time at which it began, also when a start fails before anything runs", () => {
  const { life: it, clock } = life();
  clock.now = 10;
  it.live(1, false);
  clock.now = 20;
  it.ended("crashed");
  assert.partialDeepStrictEqual(it.state, { state: "backoff", since: 20 });
  clock.now = 30;
  it.ended("its port is taken");
  it.ended("its port is taken");
  assert.partialDeepStrictEqual(it.state, { state: "failed", since: 20, reason: "its port is taken" });
  clock.now = 40;
  it.starting(2);
  it.ended("crashed again");
  assert.partialDeepStrictEqual(it.state, { state: "failed", since: 40 });
  clock.now = 50;
  it.stopped();
  assert.deepEqual(it.state, { state: "stopped", since: 50 });
});
