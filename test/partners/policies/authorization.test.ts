import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { httpGet } from "../../integration/support/http-get.ts";
import { service, together } from "../../integration/support/manifests.ts";
import { at, extension, proxy, RoutingBed, to } from "../../integration/support/routing-bed.ts";
import { Browser } from "./support/browser.ts";
import { IdentityProvider } from "./support/identity-provider.ts";
import { startOAuth2Proxy } from "./support/oauth2-proxy.ts";
import type { ServerProcess } from "./support/server-process.ts";

const HOST = "shop.test";
const REDIRECT_URI = `http://${HOST}/oauth2/callback`;
const AUDIENCE = "https://shop.example";

suite("external authorisation by oauth2-proxy, with an identity provider behind it", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;
  let provider: IdentityProvider;
  let signIn: ServerProcess;

  before(async () => {
    provider = stack.use(await IdentityProvider.start(REDIRECT_URI));
    signIn = stack.use(
      await startOAuth2Proxy({ issuer: provider.issuer, redirectUri: REDIRECT_URI, audience: AUDIENCE }),
    );
    bed = stack.use(await RoutingBed.start(["a"]));
    const authorization = {
      extensionRef: { name: "sign-in", namespace: "auth" },
      serviceType: "http",
      httpSettings: { allowedUpstreamHeaders: [{ prefix: "x-auth-request-" }] },
    };
    const routes = [
      to("a"),
      at("/health", { ...to("a"), authPolicy: { disabled: true } }),
      at("/oauth2/", { ...to("sign-in"), authPolicy: { disabled: true } }),
    ];
    bed.gateway.apply(
      together(
        service("auth", "sign-in", [signIn]),
        service("team", "sign-in", [signIn]),
        extension("sign-in", "http/1.1"),
        proxy("shop", { virtualhost: { fqdn: HOST, authorization }, routes }),
      ),
    );
    await bed.gateway.open();
  });
  after(() => stack.disposeAsync());

  test("who is not signed in is led to the provider, and the upstream gets nothing", async () => {
    const headers = { accept: "text/html" };
    const answer = await bed.gateway.get(HOST, "/cart?of=anna", { headers });
    assert.equal(answer.status, 302);
    const target = new URL(String(answer.headers.location));
    assert.equal(target.origin, provider.issuer);
    assert.equal(target.searchParams.get("redirect_uri"), REDIRECT_URI);
    assert.match(String(answer.headers["set-cookie"]), /^_oauth2_proxy_csrf/);
    assert.equal(bed.upstream("a").requests.length, 0);
  });

  test("a route that asks nobody is open", () => bed.check({ what: "", host: HOST, path: "/health", from: "a" }));

  test("a token of the provider lets in, another does not", async () => {
    const authorization = `Bearer ${await provider.token(AUDIENCE)}`;
    await bed.check({
      what: "",
      host: HOST,
      path: "/cart",
      options: { headers: { authorization } },
      from: "a",
      seen: { headers: { "x-auth-request-user": "shop" } },
    });
    const stranger = stack.use(await IdentityProvider.start(REDIRECT_URI));
    const other = `Bearer ${await stranger.token(AUDIENCE)}`;
    const answer = await bed.gateway.get(HOST, "/cart", { headers: { authorization: other } });
    assert.equal(answer.status, 302);
  });

  test("who signs in comes back to the page that was asked for, and the upstream is told who it is", async () => {
    const browser = new Browser((url, options) => {
      const port = url.hostname === HOST ? bed.gateway.httpPort : Number(url.port);
      return httpGet({ port }, `${url.pathname}${url.search}`, options);
    });
    await browser.open(`http://${HOST}/cart?of=anna`);
    assert.match(browser.url.pathname, /^\/interaction\//, "the provider's page of sign-in");
    const seen = bed.upstream("a").requests.length;
    await browser.open(browser.url.href, { prompt: "login", login: "anna", password: "any" });
    const page = await browser.open(browser.url.href, { prompt: "consent" });
    assert.equal(page.status, 200, page.body);
    assert.equal(page.body, "a");
    assert.equal(browser.url.href, `http://${HOST}/cart?of=anna`);
    const request = bed.upstream("a").requests.at(seen);
    assert.equal(request?.path, "/cart?of=anna");
    assert.equal(request?.headers["x-auth-request-user"], "anna");
    assert.equal((await browser.open("/other")).body, "a", "once is enough");
  });

  test("while the service is away nobody comes in, and its tokens are good again when it is back", async () => {
    const headers = { authorization: `Bearer ${await provider.token(AUDIENCE)}` };
    await signIn.kill();
    await bed.check({ what: "", host: HOST, path: "/cart", options: { headers }, status: 403 });
    await bed.check({ what: "", host: HOST, path: "/health", from: "a" });
    await signIn.run();
    await bed.check({ what: "", host: HOST, path: "/cart", options: { headers }, from: "a" });
  });
});
