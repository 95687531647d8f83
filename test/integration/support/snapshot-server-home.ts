import { copyFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { snapshotServerPlaces } from "../../../src/snapshot-server/places.ts";
import { stopSnapshotServer } from "../../../src/snapshot-server/stop-snapshot-server.ts";
import { certificateAuthority } from "./certificate.ts";
import { EnvoyUnderTest } from "./envoy-under-test.ts";
import { freePorts } from "./free-port.ts";
import { type HttpAnswer, httpGet } from "./http-get.ts";
import { ingress, service, tlsSecret, together } from "./manifests.ts";
import { ControlPlaneProcess, type ControlPlaneState } from "./snapshot-server-control-plane-process.ts";
import { temporaryDirectory } from "./temp-dir.ts";
import { until } from "./until.ts";
import { Upstream } from "./upstream.ts";

/** All that is wanted was acknowledged, and will be in the archive with the next write. */
export function archived(controlPlane: ControlPlaneProcess): Promise<ControlPlaneState> {
  return until(() => controlPlane.do("look"), { accept: ({ unarchived }) => unarchived === 0, what: "the archive" });
}

/** The archive's file, and those that SQLite keeps beside it. */
function isArchive(name: string): boolean {
  return name.startsWith("snapshot.sqlite");
}

/** A state directory with an upstream, and what is started over it. What is left running at the end is ended. */
export class SnapshotServerHome implements AsyncDisposable {
  readonly directory: string;
  readonly shop: Upstream;
  /** Who signed the certificates. */
  readonly authority = certificateAuthority();
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Of a listener that speaks HTTP/3, too. */
  readonly http3Port: number;
  readonly #stack: AsyncDisposableStack;
  readonly #certificate = this.authority.issue(["shop.test"]);

  private constructor(directory: string, shop: Upstream, ports: readonly number[], stack: AsyncDisposableStack) {
    this.directory = directory;
    this.shop = shop;
    [this.httpPort = 0, this.httpsPort = 0, this.http3Port = 0] = ports;
    this.#stack = stack;
  }

  static async create(): Promise<SnapshotServerHome> {
    await using stack = new AsyncDisposableStack();
    const directory = stack.use(await temporaryDirectory("ss"));
    const shop = stack.use(await Upstream.start({ respond: () => ({ body: "shop" }) }));
    stack.defer(() => stopSnapshotServer(directory.path));
    return new SnapshotServerHome(directory.path, shop, await freePorts(3), stack.move());
  }

  controlPlane(): Promise<ControlPlaneProcess> {
    const { directory: stateDirectory, httpPort, httpsPort, http3Port } = this;
    return ControlPlaneProcess.start({ stateDirectory, httpPort, httpsPort, http3Port });
  }

  envoy(): Promise<EnvoyUnderTest> {
    return EnvoyUnderTest.start(this.directory, snapshotServerPlaces(this.directory).xdsSocket);
  }

  /** The shop answers on all hosts, and `shop.test` by TLS too. */
  manifests(): string {
    return together(
      service("team-shop", "shop", [this.shop]),
      ingress("team-shop", "all", "", "shop").replace('host: ""\n      http', "http"),
      tlsSecret("team-shop", "shop", this.#certificate),
      ingress("team-shop", "tls", "shop.test", "shop", { secret: "shop" }),
    );
  }

  get(host: string): Promise<HttpAnswer> {
    return httpGet({ port: this.httpPort }, "/", { host });
  }

  getTls(host: string): Promise<HttpAnswer> {
    return httpGet({ port: this.httpsPort }, "/", { host, tls: { servername: host, ca: this.authority.cert } });
  }

  async serves(): Promise<void> {
    await until(() => this.get("any.test"), {
      accept: ({ body }) => body === "shop",
      what: "the shop's answer through Envoy",
    });
  }

  async copyArchive(other: string, way: "from" | "to"): Promise<void> {
    const [from, to] = way === "from" ? [this.directory, other] : [other, this.directory];
    for (const name of (await readdir(to)).filter(isArchive)) await rm(join(to, name));
    for (const name of (await readdir(from)).filter(isArchive)) await copyFile(join(from, name), join(to, name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
