import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { certificateAuthority } from "./support/certificate.ts";
import { GrpcService } from "./support/grpc-service.ts";
import { service, tlsSecret, together } from "./support/manifests.ts";
import { at, extension, proxy, RoutingBed, to } from "./support/routing-bed.ts";
import { Upstream } from "./support/upstream.ts";

const CHECK = {
  proto: "envoy/service/auth/v3/external_auth.proto",
  service: "envoy.service.auth.v3.Authorization",
  method: "Check",
  request: "envoy.service.auth.v3.CheckRequest",
  response: "envoy.service.auth.v3.CheckResponse",
};

interface CheckRequest {
  readonly attributes: {
    readonly request: {
      readonly http: {
        readonly path: string;
        readonly headers: Record<string, string>;
        readonly body?: string;
        readonly raw_body?: Uint8Array;
      };
    };
    readonly context_extensions?: Record<string, string>;
  };
}

const authorization = (name: string, more: object = {}): object => ({
  extensionRef: { name, namespace: "auth" },
  ...more,
});

suite("HTTPProxy and the real Envoy: external authorisation", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;
  let grpc: GrpcService;
  let http: Upstream;

  const asked = (): CheckRequest["attributes"] => (grpc.requests.at(-1) as unknown as CheckRequest).attributes;

  before(async () => {
    bed = stack.use(await RoutingBed.start(["a"]));
    grpc = stack.use(
      await GrpcService.start(CHECK, (request) => {
        const { headers } = (request as unknown as CheckRequest).attributes.request.http;
        if (headers["x-token"] === "good")
          return { status: { code: 0 }, ok_response: { headers: [{ header: { key: "x-user", value: "anna" } }] } };
        return { status: { code: 7 }, denied_response: { status: { code: 401 }, body: "who are you?\n" } };
      }),
    );
    http = stack.use(
      await Upstream.start({
        respond: ({ headers }) =>
          headers["x-token"] === "good"
            ? { status: 200, headers: { "x-user": "berta", "x-other": "no" } }
            : { status: 403, body: "no\n" },
      }),
    );
    const nobody = { host: "127.0.0.1", port: 1 };
    bed.gateway.apply(
      together(
        service("auth", "grpc", [grpc]),
        service("auth", "http", [http]),
        service("auth", "nobody", [nobody]),
        extension("grpc", "h2c"),
        extension("http", "http/1.1"),
        extension("nobody", "h2c"),
        proxy("grpc", {
          virtualhost: {
            fqdn: "grpc.test",
            authorization: authorization("grpc", {
              authPolicy: { context: { host: "shop", kind: "all" } },
              withRequestBody: { maxRequestBytes: 100 },
            }),
          },
          routes: [
            to("a"),
            at("/open", { ...to("a"), authPolicy: { disabled: true } }),
            at("/context", { ...to("a"), authPolicy: { context: { kind: "special" } } }),
          ],
        }),
        proxy("partial", {
          virtualhost: {
            fqdn: "partial.test",
            authorization: authorization("grpc", {
              withRequestBody: { maxRequestBytes: 4, allowPartialMessage: true, packAsBytes: true },
            }),
          },
          routes: [to("a")],
        }),
        proxy("http", {
          virtualhost: {
            fqdn: "http.test",
            authorization: authorization("http", {
              serviceType: "http",
              authPolicy: { disabled: true },
              httpSettings: {
                pathPrefix: "/check",
                allowedUpstreamHeaders: [{ exact: "x-user" }],
              },
            }),
          },
          routes: [to("a"), at("/private", { ...to("a"), authPolicy: {} })],
        }),
        proxy("down", {
          virtualhost: { fqdn: "down.test", authorization: authorization("nobody") },
          routes: [to("a")],
        }),
        proxy("down-open", {
          virtualhost: { fqdn: "down-open.test", authorization: authorization("nobody", { failOpen: true }) },
          routes: [to("a")],
        }),
        proxy("missing", {
          virtualhost: { fqdn: "missing.test", authorization: authorization("gone") },
          routes: [to("a")],
        }),
        tlsSecret("team", "cert", certificateAuthority().issue(["tls.test"])),
        proxy("tls", {
          virtualhost: { fqdn: "tls.test", tls: { secretName: "cert" }, authorization: authorization("grpc") },
          routes: [to("a"), at("/plain", { ...to("a"), permitInsecure: true })],
        }),
        proxy("without", { virtualhost: { fqdn: "without.test" }, routes: [to("a")] }),
      ),
    );
    await bed.gateway.open();
  });
  after(() => stack.disposeAsync());

  test("who may not gets the service's answer, and the upstream nothing", () =>
    bed.check({ what: "", host: "grpc.test", path: "/x", status: 401, body: "who are you?\n" }));

  test("who may passes with what the service adds, and the service is told the host's context and the body", async () => {
    const options = { method: "POST", body: "hello", headers: { "x-token": "good" } };
    await bed.check({
      what: "",
      host: "grpc.test",
      path: "/x",
      options,
      from: "a",
      seen: { body: "hello", headers: { "x-user": "anna" } },
    });
    assert.deepEqual(asked().context_extensions, { host: "shop", kind: "all" });
    assert.equal(asked().request.http.body, "hello");
  });

  test("of a body that is too long the service is told the beginning where the host permits it, as bytes if it wants", async () => {
    const long = { method: "POST", body: "x".repeat(101), headers: { "x-token": "good" } };
    await bed.check({ what: "", host: "grpc.test", path: "/x", options: long, status: 413 });
    const options = { ...long, body: "hello" };
    await bed.check({ what: "", host: "partial.test", path: "/", options, from: "a", seen: { body: "hello" } });
    const { body = "", raw_body: bytes = new Uint8Array() } = asked().request.http;
    assert.deepEqual([body, Buffer.from(bytes).toString()], ["", "hell"]);
  });

  test("a route adds to the context", async () => {
    await bed.check({
      what: "",
      host: "grpc.test",
      path: "/context",
      options: { headers: { "x-token": "good" } },
      from: "a",
    });
    assert.deepEqual(asked().context_extensions, { host: "shop", kind: "special" });
  });

  test("a route switches it off, and a host without one is not asked about", async () => {
    const before = grpc.requests.length;
    await bed.check({ what: "", host: "grpc.test", path: "/open", from: "a" });
    await bed.check({ what: "", host: "without.test", path: "/", from: "a" });
    assert.equal(grpc.requests.length, before);
  });

  test("a service that is asked by HTTP, where a route wants it", async () => {
    await bed.check({ what: "", host: "http.test", path: "/", from: "a" });
    await bed.check({ what: "", host: "http.test", path: "/private", status: 403, body: "no\n" });
    assert.equal(http.requests.at(-1)?.path, "/check/private");
    const headers = { "x-token": "good" };
    const seen = { headers: { "x-user": "berta", "x-other": undefined } };
    await bed.check({ what: "", host: "http.test", path: "/private", options: { headers }, from: "a", seen });
  });

  test("a service that cannot be asked lets nobody in, unless the host says otherwise", async () => {
    await bed.check({ what: "", host: "down.test", path: "/", status: 403 });
    await bed.check({ what: "", host: "down-open.test", path: "/", from: "a" });
  });

  test("a redirect to HTTPS is nobody's to ask about, what comes over it is", async () => {
    const before = grpc.requests.length;
    assert.equal((await bed.gateway.get("tls.test", "/")).status, 301);
    assert.equal(grpc.requests.length, before);
    assert.equal((await bed.gateway.getTls("tls.test", "/")).status, 401);
    assert.equal((await bed.gateway.getTls("tls.test", "/", {}, { headers: { "x-token": "good" } })).status, 200);
    await bed.check({ what: "", host: "tls.test", path: "/plain", status: 401 });
  });

  test("a service that is missing lets nobody in", () =>
    bed.check({ what: "", host: "missing.test", path: "/", status: 503 }));

  test("a service that goes closes its hosts, and one that comes back opens them", async () => {
    const ref = { kind: "ExtensionService", namespace: "auth", name: "grpc" } as const;
    bed.gateway.delete(ref);
    await bed.gateway.settled();
    await bed.check({
      what: "",
      host: "grpc.test",
      path: "/",
      options: { headers: { "x-token": "good" } },
      status: 503,
    });
    bed.gateway.apply(extension("grpc", "h2c"));
    await bed.gateway.settled();
    await bed.check({ what: "", host: "grpc.test", path: "/", options: { headers: { "x-token": "good" } }, from: "a" });
  });
});
