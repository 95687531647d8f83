import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePorts } from "./free-port.ts";
import { type HttpAnswer, httpGet, type HttpOptions } from "./http-get.ts";
import { requiredBinary } from "./required-binary.ts";
import { temporaryDirectory } from "./temp-dir.ts";
import { until } from "./until.ts";

const TYPE = "type.googleapis.com/";
const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
/** The header that says which of the server names a request goes by; it is not sent on. */
const BY = "x-by";

/**
 * A client of HTTP/3, which Node lacks: an Envoy of its own that takes requests over HTTP/1.1 and sends them on over QUIC, with
 * one pool of connections for each server name. It checks the server's certificate.
 */
export class Http3Client implements AsyncDisposable {
  readonly #port: number;
  readonly #adminSocket: string;
  readonly #stack: AsyncDisposableStack;

  private constructor(port: number, adminSocket: string, stack: AsyncDisposableStack) {
    this.#port = port;
    this.#adminSocket = adminSocket;
    this.#stack = stack;
  }

  /**
   * @param to the server's UDP port on this machine
   * @param names the server names to go by
   * @param ca PEM of who may have signed its certificates
   */
  static async start(to: number, names: readonly string[], ca: string): Promise<Http3Client> {
    await using stack = new AsyncDisposableStack();
    const directory = stack.use(await temporaryDirectory("h3")).path;
    const [port = 0] = await freePorts(1);
    const adminSocket = join(directory, "admin.sock");
    const config = {
      admin: { address: { pipe: { path: adminSocket } } },
      static_resources: { listeners: [listener(port)], clusters: names.map((name) => cluster(name, to, ca)) },
    };
    const file = join(directory, "envoy.json");
    await writeFile(file, JSON.stringify(config));
    const log = createWriteStream(join(directory, "envoy.log"));
    await once(log, "open");
    const args = ["-c", file, "--use-dynamic-base-id", "--concurrency", "1", "-l", "warning"];
    const envoy = spawn(requiredBinary("BINNACLE_ENVOY"), args, { stdio: ["ignore", log, log] });
    const exited = once(envoy, "exit");
    stack.defer(async () => {
      envoy.kill("SIGKILL");
      await exited;
      log.close();
    });
    const ready = (): Promise<HttpAnswer> => httpGet({ socketPath: adminSocket }, "/ready");
    await until(ready, { accept: ({ status }) => status === 200, what: "the client" }).catch(async (error: unknown) => {
      throw new Error(`${String(error)}\n${await readFile(join(directory, "envoy.log"), "utf8")}`);
    });
    return new Http3Client(port, adminSocket, stack.move());
  }

  /** A request for a host over a connection that names `serverName`; 503 where there is none to be had. */
  get(host: string, path: string, serverName = host, options: HttpOptions = {}): Promise<HttpAnswer> {
    const headers = { ...options.headers, [BY]: serverName };
    return httpGet({ port: this.#port }, path, { ...options, host, headers });
  }

  /** How many connections were made so far that named this server. */
  async connections(serverName: string): Promise<number> {
    const path = `/stats?format=json&filter=^cluster.${serverName}.upstream_cx_total$`;
    const { body } = await httpGet({ socketPath: this.#adminSocket }, path);
    const { stats } = JSON.parse(body) as { readonly stats: readonly { readonly value: number }[] };
    const [only] = stats;
    if (only === undefined) throw new Error(`the client knows no server name ${serverName}`);
    return only.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function listener(port: number): object {
  const type = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
  const route = {
    match: { prefix: "/" },
    route: { cluster_header: BY, timeout: "5s" },
    request_headers_to_remove: [BY],
  };
  const manager = {
    "@type": `${TYPE}${type}`,
    stat_prefix: "client",
    route_config: { name: "client", virtual_hosts: [{ name: "all", domains: ["*"], routes: [route] }] },
    http_filters: [
      { name: "router", typed_config: { "@type": `${TYPE}envoy.extensions.filters.http.router.v3.Router` } },
    ],
  };
  return {
    name: "client",
    address: { socket_address: { address: "127.0.0.1", port_value: port } },
    filter_chains: [{ filters: [{ name: "http", typed_config: manager }] }],
  };
}

function cluster(name: string, port: number, ca: string): object {
  const tls = { sni: name, common_tls_context: { validation_context: { trusted_ca: { inline_string: ca } } } };
  const endpoint = { address: { socket_address: { address: "127.0.0.1", port_value: port, protocol: "UDP" } } };
  return {
    name,
    connect_timeout: "2s",
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
    transport_socket: {
      name: "envoy.transport_sockets.quic",
      typed_config: {
        "@type": `${TYPE}envoy.extensions.transport_sockets.quic.v3.QuicUpstreamTransport`,
        upstream_tls_context: tls,
      },
    },
    typed_extension_protocol_options: {
      [HTTP_OPTIONS]: {
        "@type": `${TYPE}${HTTP_OPTIONS}`,
        explicit_http_config: { http3_protocol_options: {} },
      },
    },
  };
}
