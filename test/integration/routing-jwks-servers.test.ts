import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:https";
import { networkInterfaces } from "node:os";
import { after, before, suite, test } from "node:test";
import { certificateAuthority } from "./support/certificate.ts";
import { DnsServer } from "./support/dns-server.ts";
import { listeningPort } from "./support/free-port.ts";
import { jwks, type TokenKey, tokenKey } from "./support/jwt.ts";
import { tlsSecret, together } from "./support/manifests.ts";
import { proxy, RoutingBed, to } from "./support/routing-bed.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const authority = certificateAuthority("servers");

const rsa = tokenKey("RS256", "rsa");
const four = tokenKey("ES256", "four");
const six = tokenKey("ES256", "six");

/** What a host says of the server of its keys, and the answers to a token of each key. */
interface Case {
  readonly what: string;
  readonly name: string;
  readonly remoteJWKS: object;
  readonly answers: readonly (readonly [key: TokenKey, status: number])[];
}

/** Containers often lack it. */
const hasIpv6 = networkInterfaces()["lo"]?.some(({ address }) => address === "::1") === true;

const PASSES = [[rsa, 200]] as const;
const REFUSED = [[rsa, 401]] as const;

/** @param port of the server, whose certificate is for `second.test` and whose name is `keys.test` */
function verifiedCases(port: number): readonly Case[] {
  const uri = `https://keys.test:${port}/jwks`;
  const verified = (caSecret: string, subjectName: string, ...more: readonly string[]): object => ({
    uri,
    validation: { caSecret, subjectName, ...(more.length === 0 ? {} : { subjectNames: [subjectName, ...more] }) },
  });
  return [
    { what: "its one name", name: "name", remoteJWKS: verified("servers", "second.test"), answers: PASSES },
    {
      what: "one of several names",
      name: "names",
      remoteJWKS: verified("servers", "first.test", "second.test"),
      answers: PASSES,
    },
    {
      what: "a name that it has not, though it is called so",
      name: "wrong",
      remoteJWKS: verified("servers", "keys.test"),
      answers: REFUSED,
    },
    {
      what: "several names, of which it has none",
      name: "wrongs",
      remoteJWKS: verified("servers", "keys.test", "other.second.test", "test"),
      answers: REFUSED,
    },
    {
      what: "its name, by an authority that did not sign it",
      name: "stranger",
      remoteJWKS: verified("strangers", "second.test"),
      answers: REFUSED,
    },
    { what: "nothing, as in Contour", name: "unverified", remoteJWKS: { uri }, answers: PASSES },
  ];
}

/** @param port at which both addresses of `both.test` listen, each with a key of its own */
function familyCases(port: number): readonly Case[] {
  const uri = `http://both.test:${port}/jwks`;
  const [first, second] = [[four, 200] as const, [six, 401] as const];
  return [
    { what: "IPv4", name: "v4", remoteJWKS: { uri, dnsLookupFamily: "v4" }, answers: [first, second] },
    {
      what: "IPv6",
      name: "v6",
      remoteJWKS: { uri, dnsLookupFamily: "v6" },
      answers: [
        [six, 200],
        [four, 401],
      ],
    },
    { what: "either: IPv4", name: "auto", remoteJWKS: { uri, dnsLookupFamily: "auto" }, answers: [first, second] },
    { what: "nothing: IPv4", name: "unsaid", remoteJWKS: { uri }, answers: [first, second] },
    {
      what: "either, of a name that has IPv6 alone",
      name: "only-six",
      remoteJWKS: { uri: `http://six.test:${port}/jwks`, dnsLookupFamily: "auto" },
      answers: [[six, 200]],
    },
    {
      what: "IPv4, of a name that has IPv6 alone",
      name: "no-four",
      remoteJWKS: { uri: `http://six.test:${port}/jwks`, dnsLookupFamily: "v4" },
      answers: [[six, 401]],
    },
    {
      what: "IPv6, of an address, which is not looked up",
      name: "address",
      remoteJWKS: { uri: `http://127.0.0.1:${port}/jwks`, dnsLookupFamily: "v6" },
      answers: [first],
    },
  ];
}

suite("HTTPProxy and the real Envoy: servers of keys", { timeout: 600_000 }, async () => {
  const stack = new AsyncDisposableStack();
  after(() => stack.disposeAsync());
  const secure = createServer(authority.issue(["second.test"]), (_request, response) => response.end(jwks(rsa)));
  stack.defer(() => void secure.close());
  await once(secure.listen(0, "127.0.0.1"), "listening");
  const overFour = stack.use(await Upstream.start({ respond: () => ({ body: jwks(four) }) }));
  const { port } = overFour;
  if (hasIpv6) stack.use(await Upstream.start({ host: "::1", port, respond: () => ({ body: jwks(six) }) }));
  const verified = verifiedCases(listeningPort(secure));
  const families = familyCases(port);
  const cases = [...verified, ...families];
  let bed: RoutingBed;

  before(async () => {
    const zone = ["keys A 127.0.0.1", "both A 127.0.0.1", "both AAAA ::1", "six AAAA ::1"];
    const dns = stack.use(await DnsServer.start(zone));
    bed = stack.use(await RoutingBed.start(["a"], { dns }));
    const secret = (name: string, cert: string): string =>
      JSON.stringify({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name, namespace: "team" },
        stringData: { "ca.crt": cert },
      });
    await bed.gateway.open();
    bed.gateway.apply(
      together(
        tlsSecret("team", "cert", authority.issue(cases.map(({ name }) => `${name}.test`))),
        secret("servers", authority.cert),
        secret("strangers", certificateAuthority("strangers").cert),
        ...cases.map(({ name, remoteJWKS }) =>
          proxy(name, {
            virtualhost: {
              fqdn: `${name}.test`,
              tls: { secretName: "cert" },
              jwtProviders: [{ name: "p", default: true, remoteJWKS }],
            },
            routes: [to("a")],
          }),
        ),
      ),
    );
    const { snapshot } = bed.gateway.controlPlane;
    const known = () => snapshot.names("endpoints").filter((name) => name.startsWith("jwks:")).length;
    await until(known, { accept: (count) => count === cases.length, what: "each name to be answered" });
    await bed.gateway.settled();
  });

  const judged = (name: string) =>
    bed.gateway.controlPlane.translator.verdicts({ kind: "HTTPProxy", namespace: "team", name });
  const status = async (name: string, key: TokenKey): Promise<number> => {
    const headers = { authorization: `Bearer ${key.sign({ sub: "anna" })}` };
    return (await bed.gateway.getTls(`${name}.test`, "/", { ca: authority.cert }, { headers })).status;
  };
  const check = async ({ name, answers }: Case): Promise<void> => {
    for (const [key, wanted] of answers) assert.equal(await status(name, key), wanted);
  };

  for (const one of verified) test(`its certificate is asked for ${one.what}`, () => check(one));

  for (const one of families) {
    const skip = !hasIpv6 && one.answers.some(([key, wanted]) => key === six && wanted === 200) && "no IPv6 here";
    test(`its addresses are asked for ${one.what}`, { skip }, () => check(one));
  }

  test("where a name has no address of the family, its host is told", () => {
    const [verdict] = judged("no-four");
    assert.equal(verdict?.reason, "NameWithoutAddresses");
    assert.match(verdict.message, /^six\.test has no IPv4 addresses in DNS/);
    assert.deepEqual(judged("v6"), []);
  });
});
