import assert from "node:assert/strict";
import { request } from "node:http";
import { buffer } from "node:stream/consumers";
import { after, before, suite, test } from "node:test";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import type { IncomingMessage } from "node:http";
import { answerEncoding } from "#translate/match-compression.ts";
import { ingress, together } from "./support/manifests.ts";
import { rawHttp } from "./support/raw-http.ts";
import { at, proxy, RoutingBed, to } from "./support/routing-bed.ts";
import type { UpstreamAnswer, UpstreamRequest } from "./support/upstream.ts";

const TEXT = "a text that says the same again and again\n".repeat(200);
const DECODERS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  br: brotliDecompressSync,
  gzip: gunzipSync,
  zstd: zstdDecompressSync,
};

interface Answer {
  readonly status: number;
  readonly encoding: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly bytes: Buffer;
  /** As a browser shows it. */
  readonly text: string;
}

/** What the upstream answers to a path. */
function answer({ path }: UpstreamRequest): UpstreamAnswer {
  const html = { "content-type": "text/html; charset=utf-8" };
  switch (path.replace(/.*\//, "")) {
    case "small":
      return { headers: { ...html, "content-length": "5" }, body: "small" };
    case "image":
      return { headers: { "content-type": "image/png" }, body: TEXT };
    case "events":
      return { headers: { "content-type": "text/event-stream" }, body: TEXT };
    case "encoded":
      return { headers: { ...html, "content-encoding": "x-own" }, body: TEXT };
    case "kept":
      return { headers: { ...html, "cache-control": "public, no-transform" }, body: TEXT };
    case "part":
      return { status: 206, headers: { ...html, "content-range": "bytes 0-8399/9000" }, body: TEXT };
    case "strong":
      return { headers: { ...html, etag: '"v1"' }, body: TEXT };
    case "own":
      return { headers: { "content-type": "application/x-own" }, body: TEXT };
    default:
      return { headers: html, body: TEXT };
  }
}

suite("the real Envoy: compression", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;

  async function get(host: string, path: string, accept?: string, method = "GET"): Promise<Answer> {
    const headers = { host, ...(accept === undefined ? {} : { "accept-encoding": accept }) };
    const asked = request({ host: "127.0.0.1", port: bed.gateway.httpPort, path, method, headers, agent: false });
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      asked.once("response", resolve).once("error", reject).end();
    });
    const bytes = await buffer(response);
    const encoding = response.headers["content-encoding"];
    const decode = DECODERS[encoding ?? ""];
    const decoded = decode === undefined || bytes.length === 0 ? bytes : decode(bytes);
    const { statusCode: status = 0 } = response;
    return { status, encoding, headers: response.headers, bytes, text: decoded.toString("utf8") };
  }

  before(async () => {
    bed = stack.use(await RoutingBed.start(["a", "b"]));
    for (const name of ["a", "b"]) bed.upstream(name).respond = answer;
    const annotated = (name: string, annotations: object, spec: object): string => {
      const object = JSON.parse(proxy(name, spec)) as { metadata: object };
      return JSON.stringify({ ...object, metadata: { ...object.metadata, annotations } });
    };
    const on = { "binnacle.dev/compression": "on" };
    const host = (fqdn: string): object => ({ virtualhost: { fqdn }, routes: [to("a")] });
    bed.gateway.apply(
      together(
        annotated("on", on, {
          virtualhost: { fqdn: "on.test" },
          includes: [{ name: "part", conditions: [{ prefix: "/included" }] }],
          routes: [
            to("a"),
            at("/mirrored", {
              services: [
                { name: "a", port: 80 },
                { name: "b", port: 80, mirror: true },
              ],
            }),
          ],
        }),
        proxy("part", { routes: [to("a")] }),
        proxy("off", host("off.test")),
        annotated("gzip", { "binnacle.dev/compression": "gzip" }, host("gzip.test")),
        annotated(
          "own",
          { "binnacle.dev/compression": "gzip, br", "binnacle.dev/compression-types": "application/x-own" },
          host("own.test"),
        ),
        ingress("team", "on", "ingress.test", "a", { annotations: on }),
      ),
    );
    await bed.gateway.open();
  });
  after(() => stack.disposeAsync());

  test("each encoding that a client takes, the preferred one where it takes that as gladly", async () => {
    const wanted = {
      br: "br",
      gzip: "gzip",
      zstd: "zstd",
      "gzip, deflate, br, zstd": "br",
      "gzip, zstd": "gzip",
      "br;q=0.1, gzip;q=0.9": "gzip",
      "*": "br",
      deflate: undefined,
      identity: undefined,
      "br;q=0, gzip;q=0": undefined,
      "*, gzip": "br",
      "gzip, *": "gzip",
      "*;q=0.5, gzip;q=0.1": "br",
      "br;q=0, *": "zstd",
      "identity, br": "br",
      "identity, gzip": undefined,
      "gzip;q=x, zstd;q=0.2": "zstd",
      BR: undefined,
    };
    const got: Record<string, string | undefined> = {};
    for (const accept of Object.keys(wanted)) {
      const { encoding, bytes, text, headers } = await get("on.test", "/page", accept);
      got[accept] = encoding;
      assert.equal(text, TEXT, accept);
      assert.equal(bytes.length < 1000, encoding !== undefined, `${bytes.length} bytes of ${accept}`);
      assert.match(headers.vary ?? "", /accept-encoding/i);
    }
    assert.deepEqual(got, wanted);
    assert.equal((await get("on.test", "/page")).encoding, undefined);
    const offered = { encodings: ["br", "zstd", "gzip"], types: ["text/html"] } as const;
    const predicted = Object.keys(wanted).map((accept) => [accept, answerEncoding(offered, accept)]);
    assert.deepEqual(Object.fromEntries(predicted), got, "what explain says of it");
  });

  test("only what gains by it, and nothing that must stay as it is", async () => {
    for (const path of ["/small", "/image", "/events", "/kept", "/part"]) {
      const { encoding, text } = await get("on.test", path, "br, gzip, zstd");
      assert.equal(encoding, undefined, path);
      assert.equal(text, path === "/small" ? "small" : TEXT, path);
    }
    assert.equal((await get("on.test", "/encoded", "br, gzip")).encoding, "x-own");
    const { encoding, headers } = await get("on.test", "/strong", "gzip");
    assert.deepEqual([encoding, headers.etag], ["gzip", undefined]);
    assert.equal((await get("on.test", "/page", "gzip", "HEAD")).status, 200);
  });

  test("the routes of the object that asks for it, and no others", async () => {
    const encodings: Record<string, string | undefined> = {};
    for (const host of ["on.test", "off.test", "gzip.test", "ingress.test"])
      encodings[host] = (await get(host, "/page", "br, gzip")).encoding;
    assert.deepEqual(encodings, { "on.test": "br", "off.test": undefined, "gzip.test": "gzip", "ingress.test": "br" });
    assert.equal((await get("on.test", "/included/page", "br, gzip")).encoding, undefined);
    assert.equal((await get("own.test", "/own", "br, gzip")).encoding, "gzip");
    assert.equal((await get("own.test", "/page", "br, gzip")).encoding, undefined);
    assert.equal((await get("on.test", "/mirrored", "br")).encoding, "br");
  });

  test("a connection that is upgraded passes through it", async () => {
    const seen = bed.upstream("a").requests.length;
    const upgrade = [
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: eA==",
    ];
    const lines = ["GET /page HTTP/1.1", "Host: ingress.test", "Accept-Encoding: gzip", ...upgrade, "", ""];
    await rawHttp(bed.gateway.httpPort, lines.join("\r\n"));
    assert.equal(bed.upstream("a").requests.at(seen)?.headers.upgrade, "websocket");
  });

  test("no listener knows of it, and one that begins to ask touches none", async () => {
    const dump = await bed.gateway.admin("/config_dump?resource=dynamic_listeners");
    assert.equal(dump.includes("compressor"), false);
    const before = await bed.gateway.admin("/stats?filter=listener_manager.listener_(modified|in_place_updated)");
    const off = JSON.parse(proxy("off", { virtualhost: { fqdn: "off.test" }, routes: [to("a")] })) as {
      metadata: object;
    };
    const annotations = { "binnacle.dev/compression": "zstd" };
    bed.gateway.apply(JSON.stringify({ ...off, metadata: { ...off.metadata, annotations } }));
    await bed.gateway.settled();
    assert.equal((await get("off.test", "/page", "br, gzip, zstd")).encoding, "zstd");
    assert.equal(
      await bed.gateway.admin("/stats?filter=listener_manager.listener_(modified|in_place_updated)"),
      before,
    );
  });
});
