import assert from "node:assert/strict";
import { once } from "node:events";
import { constants, createServer, type ServerHttp2Stream } from "node:http2";
import { after, before, suite, test } from "node:test";
import { RETRY_ON } from "#resources/retry-on.ts";
import { freePort, listeningPort } from "./support/free-port.ts";
import { service, together } from "./support/manifests.ts";
import { at, proxy, RoutingBed, to } from "./support/routing-bed.ts";
import { Upstream, type UpstreamAnswer } from "./support/upstream.ts";

type Word = (typeof RETRY_ON)[number];

/** What a word of `retryOn` has tried again, and what looks like it and is not. */
interface Meaning {
  readonly fails: readonly UpstreamAnswer[];
  readonly other: readonly UpstreamAnswer[];
}

const HOST = "retries.test";
const grpc = (status: number): UpstreamAnswer => ({ headers: { "grpc-status": String(status) } });

/** Words about what a program answers, or that it does not. */
const ANSWERS: Partial<Readonly<Record<Word, Meaning>>> = {
  "5xx": { fails: [{ status: 500 }, { status: 504 }, { status: 511 }, "close"], other: [{ status: 404 }, grpc(13)] },
  "gateway-error": {
    fails: [{ status: 502 }, { status: 503 }, { status: 504 }],
    other: [{ status: 500 }, { status: 505 }],
  },
  reset: { fails: ["close"], other: [{ status: 503 }] },
  "retriable-4xx": { fails: [{ status: 409 }], other: [{ status: 408 }, { status: 503 }] },
  "envoy-ratelimited": {
    fails: [{ status: 429, headers: { "x-envoy-ratelimited": "true" } }],
    other: [{ status: 429 }],
  },
  "retriable-status-codes": { fails: [{ status: 418 }, { status: 404 }], other: [{ status: 500 }, { status: 400 }] },
  "retriable-headers": { fails: [{ headers: { "x-again": "yes" } }], other: [{ headers: { "x-other": "yes" } }] },
  cancelled: { fails: [grpc(1)], other: [grpc(2)] },
  "deadline-exceeded": { fails: [grpc(4)], other: [grpc(1)] },
  "resource-exhausted": { fails: [grpc(8)], other: [grpc(14)] },
  internal: { fails: [grpc(13)], other: [grpc(12)] },
  unavailable: { fails: [grpc(14)], other: [grpc(13)] },
  // Envoy speaks no HTTP/3 to upstreams here, so there is nothing that it could try again.
  "http3-post-connect-failure": { fails: [], other: ["close", { status: 503 }] },
};
/** Words about an endpoint that takes no connection; a program that had the request and went is none. */
const CONNECTIONS = ["connect-failure", "reset-before-request"] as const satisfies readonly Word[];
const { NGHTTP2_REFUSED_STREAM, NGHTTP2_INTERNAL_ERROR, NGHTTP2_CANCEL } = constants;

const retried = (word: string, upstream: string): object =>
  at(`/${word}`, {
    ...to(upstream),
    retryPolicy: { count: 1, retryOn: [word], retriableStatusCodes: [418, 404] },
    // No field of an HTTPProxy names headers: Envoy takes them from the request, as its routes make it.
    requestHeadersPolicy: { set: [{ name: "x-envoy-retriable-header-names", value: "x-again" }] },
  });

suite("HTTPProxy and the real Envoy: what is tried again", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;
  let failing: Upstream;
  /** How often each path was asked for. */
  const tries = new Map<string, number>();
  const isFirst = (path: string): boolean => {
    const before = tries.get(path) ?? 0;
    tries.set(path, before + 1);
    return before === 0;
  };

  before(async () => {
    bed = stack.use(await RoutingBed.start([]));
    failing = stack.use(
      await Upstream.start({
        // A path ends with what its first answer is: /WORD/fails/0.
        respond: ({ path }) => {
          const [word, kind, index] = path.split("/").slice(-3);
          const answers = ANSWERS[word as Word]?.[kind as keyof Meaning] ?? [];
          return isFirst(path) ? (answers[Number(index)] ?? "close") : { body: "good" };
        },
      }),
    );
    const streams = createServer();
    // A path ends with the code by which its first stream is reset.
    streams.on("stream", (stream: ServerHttp2Stream, { ":path": path = "" }) => {
      if (isFirst(path)) {
        // Node calls it an error of ours, too.
        stream.on("error", () => {});
        stream.close(Number(path.split("/").at(-1)));
        return;
      }
      stream.respond({ ":status": 200 });
      stream.end("good");
    });
    await once(streams.listen(0, "127.0.0.1"), "listening");
    stack.defer(() => void streams.close());
    const nobody = { host: "127.0.0.1", port: await freePort() };
    // Each failure is one of its own: none is the one too many.
    const kept = { "binnacle.dev/outlier-detection": "off" };
    bed.gateway.apply(
      together(
        service("team", "failing", [failing], kept),
        service("team", "half", [nobody, failing], kept),
        service("team", "streams", [{ host: "127.0.0.1", port: listeningPort(streams) }], {
          ...kept,
          "projectcontour.io/upstream-protocol.h2c": "80",
        }),
        proxy("retries", {
          virtualhost: { fqdn: HOST },
          routes: [
            ...Object.keys(ANSWERS).map((word) => retried(word, "failing")),
            ...CONNECTIONS.map((word) => retried(word, "half")),
            retried("refused-stream", "streams"),
            at("/named-by-client", {
              ...to("failing"),
              retryPolicy: { count: 1, retryOn: ["retriable-headers"] },
            }),
            at("/none", { ...to("half"), retryPolicy: { count: -1 } }),
          ],
        }),
      ),
    );
    await bed.gateway.open();
    assert.deepEqual(bed.gateway.controlPlane.snapshot.quarantined(), []);
  });
  after(() => stack.disposeAsync());

  /** The answer, and how often a program saw the request. */
  async function ask(path: string): Promise<readonly [status: number, body: string, tries: number]> {
    const { status, body } = await bed.gateway.get(HOST, path);
    return [status, body, tries.get(path) ?? 0];
  }
  const AGAIN = [200, "good", 2];

  for (const [word, { fails, other }] of Object.entries(ANSWERS)) {
    for (const [index, answer] of fails.entries())
      test(`${word}: ${JSON.stringify(answer)} is tried again`, async () =>
        assert.deepEqual(await ask(`/${word}/fails/${index}`), AGAIN));
    for (const [index, answer] of other.entries())
      test(`${word}: ${JSON.stringify(answer)} is not`, async () => {
        const [status, body, count] = await ask(`/${word}/other/${index}`);
        assert.equal(status, answer === "close" ? 503 : (answer.status ?? 200));
        assert.notEqual(body, "good");
        assert.equal(count, 1);
      });
  }

  test("retriable-headers: what a client says of them counts for nothing", async () => {
    const path = "/named-by-client/retriable-headers/fails/0";
    const headers = { "x-envoy-retriable-header-names": "x-again" };
    await bed.gateway.get(HOST, path, { headers });
    assert.equal(tries.get(path), 1);
  });

  for (const word of CONNECTIONS)
    test(`${word}: an endpoint that takes no connection is left for the next; a program that goes is none`, async () => {
      const before = await refused();
      // One endpoint after the other: of two requests one comes to where nobody is.
      for (let index = 0; index < 4; index++) {
        isFirst(`/${word}/connected/${index}`);
        assert.deepEqual(await ask(`/${word}/connected/${index}`), AGAIN);
      }
      assert.ok((await refused()) > before, "a connection was refused");
      const [status, , count] = await ask(`/${word}/gone`);
      assert.deepEqual([status, count], [503, 1]);
    });

  test("without retries a connection that is refused is 503", async () => {
    const answers = new Set<number>();
    for (let index = 0; index < 4; index++) {
      isFirst(`/none/${index}`);
      answers.add((await ask(`/none/${index}`))[0]);
    }
    assert.deepEqual(answers, new Set([200, 503]));
  });

  test("refused-stream: a stream that is refused is tried again, and one that is reset otherwise is not", async () => {
    assert.deepEqual(await ask(`/refused-stream/${NGHTTP2_REFUSED_STREAM}`), AGAIN);
    for (const code of [NGHTTP2_INTERNAL_ERROR, NGHTTP2_CANCEL]) {
      const [status, , count] = await ask(`/refused-stream/${code}`);
      assert.deepEqual([status, count], [503, 1]);
    }
  });

  test("no word is left out", () => {
    assert.deepEqual([...Object.keys(ANSWERS), ...CONNECTIONS, "refused-stream"].sort(), RETRY_ON.toSorted());
  });

  /** How many connections to endpoints of `half` failed. */
  async function refused(): Promise<number> {
    const lines = (await bed.gateway.admin("/clusters")).matchAll(/\/half\/80[^\n]*::cx_connect_fail::(\d+)/g);
    return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
  }
});
