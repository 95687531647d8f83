import { join } from "node:path";
import { suite, test } from "node:test";
import type { GatewaySettings } from "#translate/gateway-settings.ts";
import { certificateAuthority } from "./support/certificate.ts";
import { ConnectProxy } from "./support/connect-proxy.ts";
import { Gateway } from "./support/gateway.ts";
import { endAllGood, more } from "./support/good-answers.ts";
import { ingress, service, together } from "./support/manifests.ts";
import { SteadyLoad } from "./support/steady-load.ts";
import { type TemporaryDirectory, temporaryDirectory } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

interface World {
  readonly gateway: Gateway;
  readonly upstream: Upstream;
  readonly load: SteadyLoad;
  readonly stack: AsyncDisposableStack;
  /** What makes Envoy go through a proxy. */
  readonly through: (backend: string, proxy: ConnectProxy, tls?: GatewaySettings["tls"]) => GatewaySettings;
}

const found = (name: string, backend: string, upstream: Upstream): string =>
  service("team", name, [upstream], {}, { "gimbal.projectcontour.io/backend": backend });

/** `shop.test` on Service `a` of backend `dc`, reached directly, and load on it. Every answer but 200 is a fault. */
async function underLoad(run: (world: World) => Promise<void>): Promise<void> {
  await using stack = new AsyncDisposableStack();
  // Each request has its own tunnel: one that is open already would hide a way that is not.
  const respond = () => ({ headers: { connection: "close" } });
  const upstream = stack.use(await Upstream.start({ respond }));
  const gateway = stack.use(await Gateway.start());
  const sockets: TemporaryDirectory = stack.use(await temporaryDirectory("tunnels"));
  gateway.apply(together(ingress("team", "shop", "shop.test", "a"), found("a", "dc", upstream)));
  await gateway.open();
  const load = stack.use(new SteadyLoad({ port: gateway.httpPort, host: "shop.test" }));
  await more(load);
  const through: World["through"] = (backend, { host, port }, tls) => ({
    host,
    port,
    protocol: "http1",
    version: `${port}`,
    socket: join(sockets.path, `${backend}-${port}.sock`),
    ...(tls === undefined ? {} : { tls }),
  });
  await run({ gateway, upstream, load, stack, through });
  await more(load);
  await endAllGood(load);
}

suite("make before break with gateways: not one answer but 200", () => {
  test("route changes, each to a Service behind a gateway that is as new, whose predecessor goes at the same time", async () => {
    await underLoad(async ({ gateway, upstream, load, stack, through }) => {
      const proxy = stack.use(await ConnectProxy.start());
      for (let change = 0; change < 30; change++) {
        const [name, backend] = [`s${change}`, `dc${change}`];
        gateway.controlPlane.setGateway(backend, through(backend, proxy));
        gateway.apply(together(found(name, backend, upstream), ingress("team", "shop", "shop.test", name)));
        const before = change === 0 ? "a" : `s${change - 1}`;
        gateway.delete({ kind: "Service", namespace: "team", name: before });
        gateway.delete({ kind: "EndpointSlice", namespace: "team", name: `${before}-0` });
        const tunnels = proxy.tunnels;
        if (change % 3 === 0) await gateway.settled();
        await until(() => proxy.tunnels > tunnels, { what: "a tunnel of the new gateway" });
        await more(load);
      }
    });
  });

  test("a backend gets a gateway, and loses it", async () => {
    await underLoad(async ({ gateway, load, stack, through }) => {
      const proxy = stack.use(await ConnectProxy.start());
      for (let change = 0; change < 10; change++) {
        const tunnels = proxy.tunnels;
        gateway.controlPlane.setGateway("dc", through("dc", proxy));
        await until(() => proxy.tunnels > tunnels, { what: "a tunnel" });
        await more(load);
        gateway.controlPlane.setGateway("dc", undefined);
        await gateway.settled();
        await more(load);
      }
    });
  });

  test("a gateway that changes: another address, then TLS, then none of it", async () => {
    await underLoad(async ({ gateway, load, stack, through }) => {
      const authority = certificateAuthority();
      const [one, two] = [stack.use(await ConnectProxy.start()), stack.use(await ConnectProxy.start())];
      const secure = stack.use(await ConnectProxy.start(authority.issue(["gateway.test"])));
      const tls = { authorities: authority.cert, serverName: "gateway.test" };
      for (let change = 0; change < 5; change++) {
        for (const [proxy, settings] of [[one], [two], [secure, tls]] as const) {
          const tunnels = proxy.tunnels;
          gateway.controlPlane.setGateway("dc", through("dc", proxy, settings));
          await gateway.settled();
          await until(() => proxy.tunnels > tunnels, { what: "a tunnel of the changed gateway" });
          await more(load);
        }
      }
    });
  });
});
