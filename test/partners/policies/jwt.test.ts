import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { certificateAuthority } from "../../integration/support/certificate.ts";
import { tlsSecret, together } from "../../integration/support/manifests.ts";
import { proxy, RoutingBed, to } from "../../integration/support/routing-bed.ts";
import { until } from "../../integration/support/until.ts";
import { IdentityProvider } from "./support/identity-provider.ts";

const AUDIENCE = "https://shop.example";

suite("tokens of an identity provider, which changes its keys", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;
  let provider: IdentityProvider;

  const get = async (token?: string): Promise<number> => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return (await bed.gateway.getTls("shop.test", "/", {}, { headers })).status;
  };

  before(async () => {
    provider = stack.use(await IdentityProvider.start("http://shop.test/callback"));
    bed = stack.use(await RoutingBed.start(["a"]));
    const jwtProviders = [
      {
        name: "provider",
        default: true,
        issuer: provider.issuer,
        audiences: [AUDIENCE],
        remoteJWKS: { uri: provider.jwksUri, cacheDuration: "100ms" },
      },
    ];
    bed.gateway.apply(
      together(
        tlsSecret("team", "cert", certificateAuthority().issue(["shop.test"])),
        proxy("shop", {
          virtualhost: { fqdn: "shop.test", tls: { secretName: "cert" }, jwtProviders },
          routes: [to("a")],
        }),
      ),
    );
    await bed.gateway.open();
  });
  after(() => stack.disposeAsync());

  test("its tokens are good for the audience that they are for, and nobody comes in without", async () => {
    assert.equal(await get(await provider.token(AUDIENCE)), 200);
    assert.equal(await get(await provider.token("https://desk.example")), 403);
    assert.equal(await get(), 401);
  });

  test("a new key counts, the old one as long as it is published, and not after that", async () => {
    const [first, second] = [provider.newKey(), provider.newKey()];
    const comesIn = (token: string) => until(() => get(token), { accept: (status) => status === 200 });
    const strange = await provider.token(AUDIENCE);
    provider.serve([first]);
    const before = await provider.token(AUDIENCE);
    await comesIn(before);
    provider.serve([second, first]);
    const after = await provider.token(AUDIENCE);
    await comesIn(after);
    assert.equal(await get(before), 200);
    assert.equal(await get(strange), 401);
    provider.serve([second]);
    await until(() => get(before), { accept: (status) => status === 401, what: "the old key to count no more" });
    assert.equal(await get(after), 200);
  });
});
