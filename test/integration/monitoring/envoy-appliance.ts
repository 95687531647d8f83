import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bootstrap } from "#envoy/bootstrap.ts";
import { statsMatcher } from "#envoy/stats-inclusion.ts";
import { silentLogger } from "#lib/log.ts";
import { XdsServer } from "#xds/server.ts";
import { certificateAuthority } from "../support/certificate.ts";
import { EnvoyUnderTest } from "../support/envoy-under-test.ts";
import { freePorts } from "../support/free-port.ts";
import { changesOf, settingsFor } from "../support/gateway.ts";
import { httpGet } from "../support/http-get.ts";
import { ingress, service, tlsSecret, together } from "../support/manifests.ts";
import { Upstream } from "../support/upstream.ts";
import { until } from "../support/until.ts";
import { controlPlaneForTests } from "../../../src/main/control-plane-for-tests.ts";

/** A real Envoy with everything observable switched on, two hosts, and requests that go well and badly. */
export class EnvoyAppliance implements AsyncDisposable {
  readonly statsPort: number;
  readonly #httpPort: number;
  readonly #httpsPort: number;
  readonly #stack: AsyncDisposableStack;

  private constructor(ports: { stats: number; http: number; https: number }, stack: AsyncDisposableStack) {
    this.statsPort = ports.stats;
    this.#httpPort = ports.http;
    this.#httpsPort = ports.https;
    this.#stack = stack;
  }

  static async start(directory: string): Promise<EnvoyAppliance> {
    await using stack = new AsyncDisposableStack();
    const [http = 0, https = 0, stats = 0] = await freePorts(3);
    // A connection for each request, so that connecting is measured too.
    const respond = () => ({ headers: { connection: "close" } });
    const upstream = stack.use(await Upstream.start({ respond }));
    const failing = stack.use(
      await Upstream.start({ respond: () => ({ status: 500, headers: { connection: "close" } }) }),
    );
    const controlPlane = controlPlaneForTests({
      translate: settingsFor(http, https),
      listeners: {
        streamIdleTimeout: 300_000,
        accessLog: { slowThreshold: 1000, stdout: "off" },
      },
    });
    const certificate = certificateAuthority().issue(["blog.test"]);
    controlPlane.store.apply(
      changesOf(
        together(
          service("team-shop", "cart", [upstream], {
            "binnacle.dev/health-check-path": "/",
            "binnacle.dev/health-check-interval": "1s",
          }),
          service("team-shop", "gone", []),
          service("team-blog", "blog", [failing]),
          ingress("team-shop", "shop", "shop.test", "cart"),
          ingress("team-shop", "gone", "gone.test", "gone"),
          tlsSecret("team-blog", "blog-tls", certificate),
          ingress("team-blog", "blog", "blog.test", "blog", { secret: "blog-tls" }),
        ),
      ),
    );
    const xdsSocket = join(directory, "xds.sock");
    const xds = stack.use(new XdsServer({ snapshot: controlPlane.snapshot, log: silentLogger }));
    await xds.listenUnix(xdsSocket);
    const own = join(directory, "envoy");
    await mkdir(own, { mode: 0o700 });
    const adminSocket = join(own, "admin.sock");
    const config = bootstrap({
      node: { id: "test", cluster: "test", metadata: {} },
      adminSocket,
      xds: { type: "socket", path: xdsSocket },
      accessLog: { type: "socket", path: join(own, "als.sock") },
      stats: { address: "127.0.0.1", port: stats, matcher: statsMatcher(), histogramBuckets: [], tags: [] },
      limits: { maxHeapBytes: 1024 ** 3, maxConnections: 10_000 },
    });
    const file = join(own, "envoy.json");
    await writeFile(file, JSON.stringify(config));
    stack.use(await EnvoyUnderTest.of(file, adminSocket));
    controlPlane.open();
    controlPlane.translateNow();
    const accepted = (left: number) => left === 0;
    await until(() => controlPlane.snapshot.unacknowledged, { what: "Envoy to accept everything", accept: accepted });
    const appliance = new EnvoyAppliance({ stats, http, https }, stack.move());
    await until(() => appliance.load(), { what: "traffic" });
    return appliance;
  }

  /** One request of each kind: served, without endpoints (503), without a route (404), failing (500, over TLS). */
  async load(): Promise<boolean> {
    const plain = { port: this.#httpPort };
    const answers = await Promise.all([
      httpGet(plain, "/", { host: "shop.test" }),
      httpGet(plain, "/", { host: "gone.test" }),
      httpGet(plain, "/", { host: "nobody.test" }),
      httpGet({ port: this.#httpsPort }, "/", { host: "blog.test", tls: { servername: "blog.test" } }),
    ]);
    return answers.map(({ status }) => status).join() === "200,503,404,500";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
