import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { service, together } from "../../integration/support/manifests.ts";
import { at, extension, proxy, RoutingBed, to } from "../../integration/support/routing-bed.ts";
import { OpaServer } from "./support/opa-server.ts";

/** Who has a token may spend, in the shop as much as the context says, and elsewhere only some may. */
const POLICY = `package shop.authz

http := input.attributes.request.http

context := input.attributes.contextExtensions

user := {"a-token": "anna", "b-token": "berta"}[http.headers["x-token"]]

default amount := 0

amount := input.parsed_body.amount

allowed if {
	context.kind == "shop"
	amount <= to_number(context.most)
}

allowed if {
	context.kind == "office"
	user == "berta"
}

decision := {
	"allowed": true,
	"headers": {"x-user": user, "x-kind": context.kind},
	"request_headers_to_remove": ["x-token"],
	"response_headers_to_add": {"x-decided-by": "opa"},
} if {
	user
	allowed
} else := {
	"allowed": false,
	"http_status": 403,
	"headers": {"content-type": "text/plain", "x-reason": context.kind},
	"body": sprintf("not for %s\\n", [user]),
} if user

else := {
	"allowed": false,
	"http_status": 401,
	"headers": {"www-authenticate": "Token"},
	"body": "who are you?\\n",
}
`;

const HOST = "shop.test";
const anna = { "x-token": "a-token" };
const berta = { "x-token": "b-token" };

suite("external authorisation by gRPC, decided by Open Policy Agent", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;
  let opa: OpaServer;

  function host(name: string, more: object = {}): string {
    const authorization = {
      extensionRef: { name: "opa", namespace: "auth" },
      authPolicy: { context: { kind: "shop", most: "10" } },
      ...more,
    };
    const routes = [
      to("a"),
      at("/office", { ...to("a"), authPolicy: { context: { kind: "office" } } }),
      at("/health", { ...to("a"), authPolicy: { disabled: true } }),
    ];
    return proxy(name, { virtualhost: { fqdn: `${name}.test`, authorization }, routes });
  }

  before(async () => {
    opa = stack.use(await OpaServer.start(POLICY, "shop/authz/decision"));
    bed = stack.use(await RoutingBed.start(["a"]));
    bed.gateway.apply(
      together(
        service("auth", "opa", [opa]),
        extension("opa", "h2c"),
        host("shop", { withRequestBody: { maxRequestBytes: 100 } }),
        host("partial", { withRequestBody: { maxRequestBytes: 100, allowPartialMessage: true } }),
        host("bodiless"),
        host("open", { failOpen: true }),
      ),
    );
    await bed.gateway.open();
  });
  after(() => stack.disposeAsync());

  const post = (amount: number, rest = ""): object => ({
    method: "POST",
    headers: { ...anna, "content-type": "application/json" },
    body: JSON.stringify({ amount, rest }),
  });

  test("who is nobody gets the server's status, headers and body, and the upstream gets nothing", () =>
    bed.check({
      what: "",
      host: HOST,
      path: "/cart",
      status: 401,
      body: "who are you?\n",
      answered: { "www-authenticate": "Token" },
    }));

  test("who may comes in with what the server adds, without what it takes away, and with nothing forged", async () => {
    await bed.check({
      what: "",
      host: HOST,
      path: "/cart?of=anna",
      options: { headers: { ...anna, "x-user": "root" } },
      from: "a",
      answered: { "x-decided-by": "opa" },
      seen: { path: "/cart?of=anna", headers: { "x-user": "anna", "x-kind": "shop", "x-token": undefined } },
    });
  });

  test("a route's own context counts for it, over the host's", async () => {
    const office = { what: "", host: HOST, path: "/office" } as const;
    const reason = { "x-reason": "office" };
    await bed.check({ ...office, options: { headers: anna }, status: 403, body: "not for anna\n", answered: reason });
    await bed.check({ ...office, options: { headers: berta }, from: "a", seen: { headers: { "x-kind": "office" } } });
  });

  test("the server decides by the body, which the upstream gets whole", async () => {
    const options = post(5);
    const seen = { body: JSON.stringify({ amount: 5, rest: "" }) };
    await bed.check({ what: "", host: HOST, path: "/", options, from: "a", seen });
    await bed.check({ what: "", host: HOST, path: "/", options: post(50), status: 403, body: "not for anna\n" });
    // Without the body there is no amount that could be too much.
    await bed.check({ what: "", host: "bodiless.test", path: "/", options: post(50), from: "a" });
  });

  test("a body that is longer than the server may see is refused, or seen in part and sent on whole", async () => {
    const long = "x".repeat(200);
    await bed.check({ what: "", host: HOST, path: "/", options: post(5, long), status: 413 });
    const seen = { body: JSON.stringify({ amount: 5, rest: long }) };
    await bed.check({ what: "", host: "partial.test", path: "/", options: post(5, long), from: "a", seen });
  });

  test("a route that asks nobody is open", () => bed.check({ what: "", host: HOST, path: "/health", from: "a" }));

  test("while the server is away nobody comes in, but where the host wants it; once back it decides again", async () => {
    await opa.process.kill();
    await bed.check({ what: "", host: HOST, path: "/", options: { headers: anna }, status: 403 });
    await bed.check({ what: "", host: HOST, path: "/health", from: "a" });
    await bed.check({ what: "", host: "open.test", path: "/", from: "a", seen: { headers: { "x-user": undefined } } });
    await opa.process.run();
    for (const name of [HOST, "open.test"]) {
      await bed.check({ what: "", host: name, path: "/", status: 401 });
      await bed.check({ what: "", host: name, path: "/", options: { headers: anna }, from: "a" });
    }
    assert.equal(bed.upstream("a").requests.at(-1)?.headers["x-user"], "anna");
  });
});
