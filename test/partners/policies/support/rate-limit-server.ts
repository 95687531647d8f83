import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { debianProgram } from "../../../../setup/debian-program.mjs";
import { freePorts } from "../../../integration/support/free-port.ts";
import { requiredBinary } from "../../../integration/support/required-binary.ts";
import { temporaryDirectory } from "../../../integration/support/temp-dir.ts";
import { ServerProcess } from "./server-process.ts";

/** Envoy's rate-limit server with the Redis that it counts in: `await using limits = await RateLimitServer.start(config);` */
export class RateLimitServer implements AsyncDisposable {
  /** Where Envoy asks it, by gRPC. */
  readonly host = "127.0.0.1";
  readonly port: number;
  readonly redis: ServerProcess;
  readonly #stack: AsyncDisposableStack;

  private constructor(port: number, redis: ServerProcess, stack: AsyncDisposableStack) {
    this.port = port;
    this.redis = redis;
    this.#stack = stack;
  }

  /** @param config YAML of one domain, as in its README */
  static async start(config: string): Promise<RateLimitServer> {
    await using stack = new AsyncDisposableStack();
    const { path } = stack.use(await temporaryDirectory("limits"));
    await mkdir(join(path, "limits", "config"), { recursive: true });
    await writeFile(join(path, "limits", "config", "config.yaml"), config);
    const [http = 0, debug = 0, grpc = 0, redisPort = 0] = await freePorts(4);
    const redis = stack.use(await startRedis(redisPort, path));
    const env = {
      HOST: "127.0.0.1",
      PORT: String(http),
      DEBUG_HOST: "127.0.0.1",
      DEBUG_PORT: String(debug),
      GRPC_HOST: "127.0.0.1",
      GRPC_PORT: String(grpc),
      RUNTIME_ROOT: path,
      RUNTIME_SUBDIRECTORY: "limits",
      RUNTIME_WATCH_ROOT: "false",
      REDIS_SOCKET_TYPE: "tcp",
      REDIS_URL: `127.0.0.1:${redisPort}`,
      USE_STATSD: "false",
    };
    stack.use(await ServerProcess.start({ command: requiredBinary("BINNACLE_RATELIMIT"), env, port: grpc }));
    return new RateLimitServer(grpc, redis, stack.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

async function startRedis(port: number, directory: string): Promise<ServerProcess> {
  const found = await debianProgram("redis-server", "usr/bin/redis-server");
  if (found.reason !== undefined) throw new Error(`there is no redis-server: ${found.reason}`);
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory];
  return ServerProcess.start({ command: found.command, args, env: found.env, port });
}
