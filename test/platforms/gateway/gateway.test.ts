import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import { test } from "node:test";
import type { BackendDetailAnswer } from "#api/answers.ts";
import type { RequestRow } from "#traffic/request-shown.ts";
import type { SnapshotMessage } from "#traffic/messages.ts";
import { debianProgram } from "../../../setup/debian-program.mjs";
import { ApplianceHome } from "../../integration/support/appliance-home.ts";
import { certificateAuthority } from "../../integration/support/certificate.ts";
import { binnacle } from "../../integration/support/cli.ts";
import { freePorts } from "../../integration/support/free-port.ts";
import { httpGet } from "../../integration/support/http-get.ts";
import { requiredBinary } from "../../integration/support/required-binary.ts";
import { until } from "../../integration/support/until.ts";
import { RestrictedNetwork } from "../support/restricted-network.ts";

const EXAMPLE = resolve(import.meta.dirname, "../../../examples/gateway/envoy.yaml");
const [ONE, TWO, H2C, SECURE, ECHO] = ["10.99.0.1", "10.99.0.2", "10.99.0.3", "10.99.0.4", "10.99.0.5"] as const;
/** Nothing has it, on either side. */
const NOBODY = "10.99.0.9";

/** Two gateways to the same upstreams, each a backend: a CONNECT proxy, and an Envoy as the next hop. */
const BACKENDS = ["proxied", "nexthop"] as const;

test(
  "upstreams that cannot be reached directly are, by a CONNECT proxy and by a next-hop Envoy, with their health and names",
  { timeout: 300_000 },
  async (t) => {
    await using stack = new AsyncDisposableStack();
    const home = stack.use(await ApplianceHome.create("gateway"));
    const { http, api, state } = home;
    const there = stack.use(await RestrictedNetwork.start());
    const authority = certificateAuthority();
    await startUpstreams(there, authority);
    const gateways = await gatewayPrograms(there, home.path, authority);
    for (const start of Object.values(gateways)) await start();

    const echo = await freePorts(2);
    await home.configure(settings(there.gateway, echo));
    await home.write("manifests/routes.yaml", manifests(authority.cert));
    stack.use(await home.serve());

    const cli = async (...argv: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await binnacle(state, ...argv);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    const gatewayOf = async (backend: string) =>
      (JSON.parse(await cli("backends", "show", backend, "-o", "json")) as BackendDetailAnswer).gateway;
    const authorization = await home.authorization();
    const ask = async (path: string): Promise<string> =>
      (await httpGet({ port: api }, `/api/v1${path}`, { host: `127.0.0.1:${api}`, headers: { authorization } })).body;
    const get = (backend: string, path: string) => httpGet({ port: http }, path, { host: `${backend}.example` });
    const answering = (backend: string, path: string, ...bodies: readonly string[]): Promise<unknown> => {
      const wanted = [...bodies].sort().join();
      const look = async (): Promise<string> => {
        const seen = new Set<string>();
        for (let index = 0; index < 8; index++) {
          const { status, body } = await get(backend, path);
          seen.add(status === 200 ? body : `${status}`);
        }
        return [...seen].sort().join();
      };
      return until(look, { accept: (now) => now === wanted, what: `${backend}${path}: ${wanted}`, timeoutMs: 60_000 });
    };
    /** Until a failed request to this path is told like this in the live view. */
    const told = (backend: string, path: string, summary: RegExp): Promise<unknown> =>
      until(
        async () => {
          await get(backend, path);
          const rows = (await ask(`/traffic/requests?host=${backend}.example&limit=20`)).split("\n").filter(Boolean);
          const ways = rows.map((line) => JSON.parse(line) as RequestRow).filter((row) => row.path === path);
          const why = ways[0]?.why;
          return why === undefined ? "nothing" : `${why.summary}; ${why.detail}`;
        },
        { accept: (now) => summary.test(now), what: `${path}: ${summary.source}`, timeoutMs: 60_000 },
      );

    await t.test("nothing here has a way to them", async () => {
      const socket = connect(8080, ONE);
      const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
      assert.equal(error.code, "ENETUNREACH");
    });

    for (const [index, backend] of BACKENDS.entries()) {
      await t.test(`${backend}: HTTP, h2c, TLS from end to end, and TCP`, async () => {
        await answering(backend, "/web", ONE, TWO);
        await answering(backend, "/h2c", H2C);
        await answering(backend, "/secure", SECURE);
        assert.equal(await echoed(echo[index] ?? 0, "over the hills"), "over the hills");
        assert.deepEqual(
          {
            ...(await until(() => gatewayOf(backend), { accept: (now) => now?.state === "reachable", what: "health" })),
          },
          {
            address: `${there.gateway}:${backend === "proxied" ? 3128 : 8443}`,
            protocol: backend === "proxied" ? "http1" : "http2",
            tls: backend === "nexthop",
            state: "reachable",
          },
        );
      });

      await t.test(`${backend}: endpoints are told by their own addresses, and what is in between`, async () => {
        const explained = await cli("explain", `${backend}.example/web`);
        assert.match(explained, new RegExp(`${ONE}:8080  .*through gateway ${there.gateway}:`));
        // Of requests that succeed a sample is shown; Envoy is asked for its endpoints seldom while nobody looks.
        const shown = async (): Promise<string> => {
          for (const path of ["/web", "/h2c", "/secure"]) await get(backend, path);
          const rows = (await ask(`/traffic/requests?host=${backend}.example&limit=1000`)).split("\n").filter(Boolean);
          const endpoints = rows.map((line) => (JSON.parse(line) as RequestRow).endpoint ?? "");
          return [...new Set(endpoints)].sort().join();
        };
        const all = [`${ONE}:8080`, `${TWO}:8080`, `${H2C}:8080`, `${SECURE}:443`].join();
        await until(shown, { accept: (now) => now === all, what: "their rows", timeoutMs: 120_000 });
        const counted = async (): Promise<readonly string[]> => {
          const totals = JSON.parse(await ask(`/traffic/totals`)) as SnapshotMessage;
          const web = totals.clusters.filter(({ upstream }) => upstream.service === `${backend}-web`);
          return web.flatMap(({ endpoints }) =>
            endpoints.filter(({ requests }) => requests > 0).map(({ address }) => address),
          );
        };
        const both = [`${ONE}:8080`, `${TWO}:8080`].join();
        await until(counted, { accept: (now) => now.join() === both, what: "their statistics", timeoutMs: 120_000 });
      });

      await t.test(`${backend}: health checks go through it`, async () => {
        await there.do({ type: "live", host: TWO, status: 503 });
        await answering(backend, "/web", ONE);
        await there.do({ type: "live", host: TWO, status: 200 });
        await answering(backend, "/web", ONE, TWO);
      });

      await t.test(`${backend}: who is at fault is told, the endpoint or the gateway`, async () => {
        await told(backend, "/nobody", new RegExp(`gateway of backend ${backend} could not reach ${NOBODY}:8080`));
        await there.do({ type: "end", name: backend });
        await told(backend, "/secure", new RegExp(`gateway of backend ${backend} cannot be reached`));
        const state = await until(() => gatewayOf(backend), {
          accept: (now) => now?.state === "unreachable",
          what: "the gateway's state",
          timeoutMs: 60_000,
        });
        assert.match(state?.detail ?? "", /it could not be asked for 10\.99\./);
        await gateways[backend]();
        await answering(backend, "/web", ONE, TWO);
      });
    }

    await t.test("what the next hop does not let through is told as its refusal", async () => {
      await told(
        "nexthop",
        "/forbidden",
        /gateway of backend nexthop refused the connection to 10\.89\.0\.2:3128 \(status 403\)/,
      );
    });
  },
);

async function startUpstreams(
  there: RestrictedNetwork,
  authority: ReturnType<typeof certificateAuthority>,
): Promise<void> {
  for (const host of [ONE, TWO]) await there.do({ type: "http", host, port: 8080, protocol: "http1" });
  await there.do({ type: "http", host: H2C, port: 8080, protocol: "h2c" });
  await there.do({ type: "https", host: SECURE, port: 443, ...authority.issue(["secure.test"]) });
  await there.do({ type: "echo", host: ECHO, port: 9000 });
}

/** What starts each of the two, also a second time. */
async function gatewayPrograms(
  there: RestrictedNetwork,
  home: string,
  authority: ReturnType<typeof certificateAuthority>,
): Promise<Readonly<Record<(typeof BACKENDS)[number], () => Promise<void>>>> {
  const tinyproxy = await debianProgram("tinyproxy", "usr/bin/tinyproxy");
  if ("reason" in tinyproxy) throw new Error(`no CONNECT proxy: ${tinyproxy.reason}`);
  const proxyConfig = join(home, "tinyproxy.conf");
  await writeFile(
    proxyConfig,
    `Port 3128\nListen ${there.gateway}\nTimeout 600\nLogLevel Critical\nDisableViaHeader Yes\n`,
  );
  const folder = join(home, "next-hop");
  await mkdir(folder);
  const own = authority.issue(["next-hop.example"]);
  const ours = authority.issue(["appliance.example"]);
  for (const [name, text] of Object.entries({ "ca.crt": authority.cert, "tls.crt": own.cert, "tls.key": own.key }))
    await writeFile(join(folder, name), text);
  for (const [name, text] of Object.entries({ "our.crt": ours.cert, "our.key": ours.key, "ca.crt": authority.cert }))
    await writeFile(join(home, name), text);
  const example = await readFile(EXAMPLE, "utf8");
  await writeFile(join(folder, "envoy.yaml"), example.replaceAll("/etc/gateway", folder));
  const envoy = ["--use-dynamic-base-id", "--concurrency", "1", "--log-level", "critical"];
  return {
    proxied: () => there.do({ type: "start", name: "proxied", ...tinyproxy, args: ["-d", "-c", proxyConfig] }),
    nexthop: () =>
      there.do({
        type: "start",
        name: "nexthop",
        command: requiredBinary("BINNACLE_ENVOY"),
        args: [...envoy, "-c", join(folder, "envoy.yaml")],
        env: {},
      }),
  };
}

/** What comes back of a text that goes to a port. */
async function echoed(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.setEncoding("utf8").write(text);
  let got = "";
  for await (const part of socket) {
    got += part as string;
    if (got.length >= text.length) break;
  }
  return got;
}

/** @param echo the ports of TCP, one for each backend */
function settings(gateway: string, echo: readonly number[]): string {
  const tls = "tls: {caFile: ca.crt, certificateFile: our.crt, keyFile: our.key, serverName: next-hop.example}";
  const ways = {
    proxied: `{address: "${gateway}:3128"}`,
    nexthop: `{address: "${gateway}:8443", protocol: http2, ${tls}}`,
  };
  const service = (name: string, ports: string, ...addresses: readonly string[]) =>
    `        - {name: ${name}, namespace: shop, ports: [{${ports}}], addresses: [${addresses.join(", ")}]}`;
  return `${BACKENDS.map((backend, index) => `  - {name: echo-${backend}, port: ${echo[index]}, protocol: tcp, service: "shop/${backend}-echo:9000"}`).join("\n")}
backends:
${BACKENDS.map(
  (backend) => `  - name: ${backend}
    gateway: ${ways[backend]}
    static:
      services:
${[
  service("web", "port: 80, targetPort: 8080", ONE, TWO),
  service("h2c", "port: 80, targetPort: 8080, appProtocol: kubernetes.io/h2c", H2C),
  service("secure", "port: 443, targetPort: 443", SECURE),
  service("nobody", "port: 80, targetPort: 8080", NOBODY),
  service("forbidden", "port: 80, targetPort: 3128", gateway),
  service("echo", "port: 9000", ECHO),
].join("\n")}`,
).join("\n")}`;
}

function manifests(authority: string): string {
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "authority", namespace: "shop" } };
  const proxies = BACKENDS.map((backend) => {
    const to = (name: string, port: number, more: object = {}) => ({
      services: [{ name: `${backend}-${name}`, port, ...more }],
    });
    const validation = { caSecret: "authority", subjectName: "secure.test" };
    const checks = {
      path: "/live",
      intervalSeconds: 1,
      timeoutSeconds: 1,
      healthyThresholdCount: 1,
      unhealthyThresholdCount: 1,
    };
    const route = (prefix: string, rest: object) => ({ conditions: [{ prefix }], ...rest });
    return {
      apiVersion: "projectcontour.io/v1",
      kind: "HTTPProxy",
      metadata: { name: backend, namespace: "shop" },
      spec: {
        virtualhost: { fqdn: `${backend}.example` },
        routes: [
          route("/web", { ...to("web", 80), healthCheckPolicy: checks }),
          route("/h2c", to("h2c", 80)),
          route("/secure", to("secure", 443, { protocol: "tls", validation })),
          route("/nobody", to("nobody", 80)),
          route("/forbidden", to("forbidden", 80)),
        ],
      },
    };
  });
  const ca = { ...secret, data: { "ca.crt": Buffer.from(authority).toString("base64") } };
  return [ca, ...proxies].map((object) => JSON.stringify(object)).join("\n---\n");
}
