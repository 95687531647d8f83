import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { certificateAuthority } from "./support/certificate.ts";
import { httpGet } from "./support/http-get.ts";
import { jwks, tokenKey } from "./support/jwt.ts";
import { ingress, tlsSecret, together } from "./support/manifests.ts";
import { proxy, RoutingBed, to } from "./support/routing-bed.ts";
import { until } from "./support/until.ts";

const servers = certificateAuthority("servers");
const clients = certificateAuthority("clients");
const anna = clients.issue(["anna.test"]);

const AUTHORITIES = JSON.stringify({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "clients", namespace: "team" },
  stringData: { "ca.crt": clients.cert },
});

function host(name: string, tls: object = {}, virtualhost: object = {}): string {
  return proxy(name, {
    virtualhost: { fqdn: `${name}.test`, tls: { secretName: "cert", ...tls }, ...virtualhost },
    routes: [to("a")],
  });
}

const GUARDS: Readonly<Record<string, readonly [tls: object, virtualhost: object]>> = {
  certificates: [{ clientValidation: { caSecret: "clients" } }, {}],
  tokens: [{}, { jwtProviders: [{ name: "p", default: true, localJWKS: { secretName: "keys", key: "jwks" } }] }],
};

const KEYS = JSON.stringify({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "keys", namespace: "team" },
  stringData: { jwks: jwks(tokenKey("ES256", "a")) },
});

suite("a host that begins to ask clients for more, and the real Envoy", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;

  /** What a client gets that shows nothing, over a connection that was made for `servername`. */
  async function bare(authority: string, servername: string): Promise<number | "refused"> {
    const tls = { servername, ca: servers.cert };
    const answer = httpGet({ port: bed.gateway.httpsPort }, "/", { host: authority, tls });
    return answer.then(
      ({ status }) => status,
      () => "refused",
    );
  }

  before(async () => {
    bed = stack.use(await RoutingBed.start(["a"]));
    const names = ["open.test", "certificates.test", "tokens.test", "fallen.test"];
    bed.gateway.apply(
      together(tlsSecret("team", "cert", servers.issue(names)), AUTHORITIES, KEYS, host("open"), host("fallen")),
    );
    await bed.gateway.open();
  });
  after(() => stack.disposeAsync());

  for (const [what, [tls, virtualhost]] of Object.entries(GUARDS)) {
    test(`${what}: once its own connections are there, no other serves it, however often that comes and goes`, async () => {
      const { gateway } = bed;
      for (let round = 0; round < 3; round++) {
        gateway.apply(host(what));
        await gateway.settled();
        assert.equal(await bare(`${what}.test`, "open.test"), 200);
        gateway.apply(host(what, tls, virtualhost));
        gateway.controlPlane.translateNow();
        await until(() => bare(`${what}.test`, `${what}.test`), { accept: (got) => got !== 200, what: "its guard" });
        // A whole request, for what goes to Envoy right behind.
        assert.equal(await bare("open.test", "open.test"), 200);
        assert.equal(await bare(`${what}.test`, "open.test"), 421);
      }
    });
  }

  test("what says which clients are good is gone while connections ask for it: it counts as before, and no certificate stands for it", async () => {
    const { gateway } = bed;
    const tls = { clientValidation: { caSecret: "clients" } };
    gateway.apply(
      together(
        host("fallen", tls),
        ingress("team", "any", "", "a", { secret: "any" }),
        tlsSecret("team", "any", servers.issue(["any.test"])),
      ),
    );
    await gateway.settled();
    await until(() => bare("fallen.test", "fallen.test"), { accept: (got) => got === "refused", what: "the refusal" });
    const { snapshot } = gateway.controlPlane;
    snapshot.apply([], [{ type: "secret", name: "clients/fallen.test" }]);
    // Secrets go in order: a handshake that needs another one has seen what came before it.
    assert.equal(await bare("open.test", "any.test"), 200);
    assert.equal(await bare("fallen.test", "fallen.test"), "refused");
    const { status } = await gateway.getTls("fallen.test", "/", { ca: servers.cert, ...anna });
    assert.equal(status, 200);
  });
});
