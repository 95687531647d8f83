import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { certificateAuthority } from "./support/certificate.ts";
import { httpGet } from "./support/http-get.ts";
import { jwks, type TokenKey, tokenKey } from "./support/jwt.ts";
import { tlsSecret, together } from "./support/manifests.ts";
import { at, proxy, RoutingBed, to } from "./support/routing-bed.ts";
import { Upstream } from "./support/upstream.ts";

const authority = certificateAuthority("servers");
const ISSUER = "https://issuer.test";
const LATER = 4_102_444_800;

const rsa = tokenKey("RS256", "rsa");
const ec = tokenKey("ES256", "ec");
const stranger = tokenKey("RS256", "stranger");

const good = { iss: ISSUER, aud: "shop", sub: "anna", exp: LATER };
/** A token, as it is sent. */
const bearer = (key: TokenKey, claims: object): string => `Bearer ${key.sign(claims)}`;

function secret(name: string, data: Readonly<Record<string, string>>): string {
  return JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "team" }, stringData: data });
}

function host(name: string, jwtProviders: readonly object[], routes: readonly object[] = [to("a")]): string {
  return proxy(name, { virtualhost: { fqdn: `${name}.test`, tls: { secretName: "cert" }, jwtProviders }, routes });
}

suite("HTTPProxy and the real Envoy: tokens (JWT)", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;
  let keys: Upstream;

  /** Status, and what the upstream sees of the token. */
  async function get(name: string, authorization?: string, path = "/", servername = name): Promise<readonly unknown[]> {
    const seen = bed.upstream("a").requests.length;
    const headers = authorization === undefined ? {} : { authorization };
    const tls = { servername, ca: authority.cert };
    const { status } = await httpGet({ port: bed.gateway.httpsPort }, path, { host: name, tls, headers });
    return [status, bed.upstream("a").requests.at(seen)?.headers.authorization];
  }

  before(async () => {
    bed = stack.use(await RoutingBed.start(["a"]));
    keys = stack.use(await Upstream.start({ respond: () => ({ body: jwks(rsa, ec) }) }));
    const uri = `http://127.0.0.1:${keys.port}/jwks`;
    const standard = { name: "p", default: true, issuer: ISSUER, audiences: ["shop"] };
    const names = ["remote", "local", "fresh", "down", "wrong", "open"];
    bed.gateway.apply(
      together(
        tlsSecret("team", "cert", authority.issue(names.map((name) => `${name}.test`))),
        secret("keys", { jwks: jwks(stranger) }),
        host(
          "remote",
          [
            { ...standard, remoteJWKS: { uri } },
            { name: "other", localJWKS: { secretName: "keys", key: "jwks" } },
          ],
          [
            { ...to("a"), permitInsecure: true },
            at("/open", { ...to("a"), jwtVerificationPolicy: { disabled: true }, permitInsecure: true }),
            at("/other", { ...to("a"), jwtVerificationPolicy: { require: "other" } }),
            at("/gone", { ...to("a"), jwtVerificationPolicy: { require: "gone" } }),
          ],
        ),
        host("local", [{ ...standard, forwardJWT: true, localJWKS: { secretName: "keys", key: "jwks" } }]),
        host("fresh", [{ ...standard, remoteJWKS: { uri, cacheDuration: "1ms" } }]),
        host("down", [{ ...standard, remoteJWKS: { uri: "http://127.0.0.1:1/jwks" } }]),
        host("wrong", [{ ...standard, localJWKS: { secretName: "gone", key: "jwks" } }]),
        host("open", []),
      ),
    );
    await bed.gateway.open();
  });
  after(() => stack.disposeAsync());

  test("who has a good token comes in, and the upstream does not see it", async () => {
    assert.deepEqual(await get("remote.test", bearer(rsa, good)), [200, undefined]);
    assert.deepEqual(await get("remote.test", bearer(ec, good)), [200, undefined]);
    assert.deepEqual(await get("remote.test", bearer(rsa, { ...good, aud: ["desk", "shop"] })), [200, undefined]);
  });

  const bad: readonly (readonly [what: string, status: number, token: string | undefined])[] = [
    ["no token", 401, undefined],
    ["no token, but a word", 401, "Bearer anna"],
    ["another issuer", 401, bearer(rsa, { ...good, iss: "https://other.test" })],
    ["another audience", 403, bearer(rsa, { ...good, aud: "desk" })],
    ["a token of the past", 401, bearer(rsa, { ...good, exp: 1_000_000_000 })],
    ["a token of the future", 401, bearer(rsa, { ...good, nbf: LATER - 1 })],
    ["an unknown key", 401, bearer(stranger, good)],
    ["another's key under a known name", 401, bearer(tokenKey("RS256", "rsa"), good)],
    ["no signature", 401, `Bearer ${unsigned(good)}`],
  ];
  for (const [what, status, token] of bad)
    test(`${what}: ${status}, and the upstream gets nothing`, async () => {
      assert.deepEqual(await get("remote.test", token), [status, undefined]);
    });

  test("a route needs none, or another provider's, or one that nobody signs", async () => {
    assert.deepEqual(await get("remote.test", undefined, "/open"), [200, undefined]);
    assert.deepEqual(await get("remote.test", bearer(stranger, good), "/other"), [200, undefined]);
    assert.equal((await get("remote.test", bearer(rsa, good), "/other"))[0], 401);
    assert.equal((await get("remote.test", bearer(rsa, good), "/gone"))[0], 503);
  });

  test("over plain HTTP nobody comes in where a token is asked for", async () => {
    const { status } = await bed.gateway.get("remote.test", "/");
    assert.equal(status, 301);
    assert.equal((await bed.gateway.get("remote.test", "/open")).status, 200);
  });

  test("another host's connection does not lead in", async () => {
    assert.deepEqual(await get("remote.test", undefined, "/", "open.test"), [421, undefined]);
    assert.deepEqual(await get("remote.test", bearer(stranger, good), "/", "local.test"), [421, undefined]);
    assert.deepEqual(await get("open.test"), [200, undefined]);
  });

  test("keys of a Secret, which may change; the upstream gets the token where it shall", async () => {
    const token = bearer(stranger, good);
    assert.deepEqual(await get("local.test", token), [200, token]);
    bed.gateway.apply(secret("keys", { jwks: jwks(ec) }));
    await bed.gateway.settled();
    assert.equal((await get("local.test", token))[0], 401);
    assert.equal((await get("local.test", bearer(ec, good)))[0], 200);
    bed.gateway.delete({ kind: "Secret", namespace: "team", name: "keys" });
    await bed.gateway.settled();
    assert.deepEqual(await get("local.test", bearer(ec, good)), [503, undefined]);
    bed.gateway.apply(secret("keys", { jwks: jwks(stranger) }));
    await bed.gateway.settled();
    assert.deepEqual(await get("local.test", token), [200, token]);
  });

  test("keys of a Secret of which Envoy takes none close their host, and no other's change waits for it", async () => {
    const token = bearer(stranger, good);
    for (const unusable of [`{"keys":[]}`, `{"keys":[{"kty":"RSA","n":"!","e":"AQAB"}]}`]) {
      bed.gateway.apply(secret("keys", { jwks: unusable }));
      await bed.gateway.settled();
      assert.deepEqual(bed.gateway.controlPlane.snapshot.quarantined(), []);
      assert.deepEqual(await get("local.test", token), [503, undefined]);
      assert.deepEqual(await get("open.test"), [200, undefined]);
    }
    const mixed = JSON.stringify({ keys: [{ kty: "XX" }, ...(JSON.parse(jwks(stranger)) as { keys: object[] }).keys] });
    bed.gateway.apply(secret("keys", { jwks: `\ufeff${mixed}` }));
    await bed.gateway.settled();
    assert.deepEqual(await get("local.test", token), [503, undefined]);
    bed.gateway.apply(secret("keys", { jwks: mixed }));
    await bed.gateway.settled();
    assert.deepEqual(await get("local.test", token), [200, token]);
    bed.gateway.apply(secret("keys", { jwks: jwks(stranger) }));
    await bed.gateway.settled();
  });

  test("keys that change at their server count when those that are kept are too old", async () => {
    const next = tokenKey("RS256", "next");
    assert.equal((await get("fresh.test", bearer(next, good)))[0], 401);
    keys.respond = () => ({ body: jwks(next) });
    assert.equal((await get("fresh.test", bearer(next, good)))[0], 200);
    assert.equal((await get("fresh.test", bearer(rsa, good)))[0], 401);
    keys.respond = () => ({ status: 500 });
    assert.deepEqual(await get("fresh.test", bearer(next, good)), [401, undefined]);
    keys.respond = () => ({ body: jwks(rsa, ec) });
    assert.equal((await get("fresh.test", bearer(rsa, good)))[0], 200);
  });

  test("a server that is away, or no Secret: nobody comes in", async () => {
    assert.deepEqual(await get("down.test", bearer(rsa, good)), [401, undefined]);
    assert.deepEqual(await get("wrong.test", bearer(rsa, good)), [503, undefined]);
  });
});

/** `alg: none` (RFC 7518 §3.6), which no server may take. */
function unsigned(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.`;
}
