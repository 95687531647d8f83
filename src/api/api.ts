import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, type RequestListener, type Server as HttpServer } from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import { BlockList, isIPv6 } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { hostPort } from "#lib/host-port.ts";
import { connectableHost } from "#lib/connectable-host.ts";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { type ApplicationViews, createApplication } from "./application.ts";
import { Authenticator, cookieName, OPERATOR } from "./auth/authenticator.ts";
import { ClusterUsers } from "./auth/cluster-users.ts";
import { FailureLimit } from "./auth/failure-limit.ts";
import { OneTimeCodes } from "./auth/one-time-codes.ts";
import { Sessions } from "./auth/sessions.ts";
import { sessionsFile } from "./auth/sessions-file.ts";
import { Users, type UserSettings } from "./auth/users.ts";
import { Gate } from "./gate.ts";
import { OwnHosts } from "./guard/own-hosts.ts";
import type { SignInLinkAnswer } from "./answers.ts";
import { KubeWatches } from "./kube-watches.ts";
import type { ClusterAccess } from "./ports/cluster-access.ts";
import { acceptTls } from "./tls/accept-tls.ts";
import type { OwnAuthority } from "./tls/own-authority.ts";
import { followTlsFiles, readTlsFiles, type TlsFiles } from "./tls-files.ts";
import { TrafficSockets } from "./traffic-sockets.ts";

export interface ApiOptions extends ApplicationViews {
  /** An IP address to listen on; beyond loopback only with `tls`. */
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls?: TlsFiles;
  /** Without `tls`: whose certificate answers those who speak TLS to the port all the same, as kubectl does with a token. */
  readonly ownAuthority?: OwnAuthority;
  /** Further names by which it may be called, see {@link OwnHosts}. */
  readonly hosts: readonly string[];
  /** Where browsers find it, for sign-in links, when that is not {@link Api.url}: `https://console.example.com`. */
  readonly publicUrl?: string;
  /** At least 256 random bits. */
  readonly token: string;
  /** Who may come in besides whoever has the token. */
  readonly users?: readonly UserSettings[];
  /** The home cluster, whose users may come in with their tokens. */
  readonly cluster?: ClusterAccess;
  /** Where the sessions are kept; 0700 and there already. */
  readonly stateDirectory: string;
  /** The built console: `build/console`. */
  readonly consoleDirectory: string;
  /** The pages that alerts link to: `alerts/runbooks`. */
  readonly runbooksDirectory: string;
  readonly version: string;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Live views at a time; default 64. */
  readonly mostSockets?: number;
}

/** The API as it runs. Disposing it stops accepting, closes the live views with 1001 and lets answers end. */
export interface Api extends AsyncDisposable {
  /** Without a slash at the end: `http://127.0.0.1:8600`. */
  readonly url: string;
  readonly port: number;
  /** A link that signs in once: print it, open it, do not keep it. Default: good for ten minutes. */
  mintSignInLink(lifetime?: number): SignInLinkAnswer;
  /** Whoever is gone or changed by it is signed out. */
  setUsers(users: readonly UserSettings[]): void;
}

/** Milliseconds. */
const LINK_LIFETIME = 600_000;
/** Milliseconds that answers in progress have to end when the API stops. */
const DRAIN = 2_000;

/** Starts the API. Throws when it would be open beyond this machine without TLS, or cannot listen. */
export async function startApi(options: ApiOptions): Promise<Api> {
  const { address, log, now = Date.now } = options;
  const secure = options.tls !== undefined;
  if (!secure && !isLoopback(address)) {
    throw new Error(`the API would listen on ${address} without TLS: set api.tls, or api.address to 127.0.0.1`);
  }
  await using started = new AsyncDisposableStack();
  const { token } = options;
  const sessions = await Sessions.open(sessionsFile(options.stateDirectory, token), now, log);
  const users = new Users(options.users ?? []);
  const cookie = cookieName(secure);
  const cluster = options.cluster && new ClusterUsers({ access: options.cluster, log, now });
  const authenticator = new Authenticator({ token, users, cluster, sessions, cookie, now });
  const codes = new OneTimeCodes(now);
  const named = { secure, address, alsoTls: options.ownAuthority !== undefined, extra: options.hosts };
  let hosts = new OwnHosts({ ...named, port: options.port });
  const gate = new Gate({
    hosts: () => hosts,
    authenticator,
    failures: new FailureLimit(now),
    observer: options.observer,
    log,
  });
  const sockets = new TrafficSockets({
    gate,
    authenticator,
    traffic: options.traffic,
    log,
    most: options.mostSockets ?? 64,
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  started.defer(() => agent.destroy());

  const kubeWatches = options.kube === undefined ? undefined : new KubeWatches(options.kube, now);

  let url = "";
  const mintSignInLink = (lifetime = LINK_LIFETIME): SignInLinkAnswer => {
    const code = codes.mint(OPERATOR, lifetime);
    return { url: `${options.publicUrl ?? url}/sign-in?code=${code}`, until: now() + lifetime };
  };
  const application = createApplication({
    ...options,
    gate,
    signIn: { authenticator, sessions, users, hasCluster: cluster !== undefined, codes, cookie, secure },
    sockets,
    ...(kubeWatches === undefined ? {} : { kubeWatches }),
    agent,
    secure,
    now,
    startedAt: now(),
    mintSignInLink,
  });

  const server = await listen(options, application, started);
  const port = listeningPort(server);
  hosts = new OwnHosts({ ...named, port });
  server.on("upgrade", (request, socket, head) => void sockets.upgrade(request, socket, head));
  // Last in, first out: the live views go before the server waits for its connections.
  started.use(sockets);
  started.use(kubeWatches);
  url = `${secure ? "https" : "http"}://${connectableHost(address)}:${port}`;
  log.info("the API listens", { url });

  const running = started.move();
  const setUsers = (settings: readonly UserSettings[]): void => {
    users.replace(settings);
    sockets.recheck();
    kubeWatches?.recheck();
  };
  return { url, port, mintSignInLink, setUsers, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function listen(
  options: ApiOptions,
  application: RequestListener,
  started: AsyncDisposableStack,
): Promise<HttpServer | HttpsServer> {
  const limits = {
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 30_000,
    connectionsCheckingInterval: 5_000,
    maxHeaderSize: 16_384,
    // Programs offer HTTP/2 with ordinary requests (Java's client, curl --http2), which may be left unanswered (RFC 9110 §7.8).
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === "websocket",
  };
  let server: HttpServer | HttpsServer;
  let tlsToo: Disposable | undefined;
  if (options.tls === undefined) {
    server = createServer(limits, application);
    const { ownAuthority, log } = options;
    if (ownAuthority !== undefined) {
      const secure = createTlsServer({
        ...contextOf(ownAuthority.pair),
        ALPNProtocols: ["http/1.1"],
        handshakeTimeout: 10_000,
      });
      tlsToo = acceptTls(server, secure, DRAIN, log);
      started.use(ownAuthority.follow((pair) => secure.setSecureContext(contextOf(pair))));
    }
  } else {
    const pair = await readTlsFiles(options.tls);
    const secureServer = createHttpsServer({ ...limits, ...pair, minVersion: "TLSv1.2" }, application);
    started.use(followTlsFiles(secureServer, options.tls, pair, options.log));
    server = secureServer;
  }
  server.maxConnections = 1024;
  server.on("clientError", (error, socket) => {
    options.log.debug("bad request", { error: errorMessage(error) });
    // Not left half open for a client that does not close.
    socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", () => socket.destroy());
  });
  try {
    server.listen(options.port, options.address);
    await once(server, "listening");
  } catch (cause) {
    throw new Error(`the API cannot listen on ${hostPort(options.address, options.port)}`, { cause });
  }
  started.defer(() => stop(server));
  // Before the server waits for its connections: some it does not know.
  started.use(tlsToo);
  return server;
}

/** Certificate and key in one text: OpenSSL takes of it what it looks for. */
function contextOf(pair: string): { cert: string; key: string; minVersion: "TLSv1.2" } {
  return { cert: pair, key: pair, minVersion: "TLSv1.2" };
}

/** Accepts nothing new, lets what is being answered end, and cuts what does not. */
async function stop(server: HttpServer | HttpsServer): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN);
  await closed;
  clearTimeout(timer);
}

function listeningPort(server: HttpServer | HttpsServer): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the API listens on no TCP port");
  return address.port;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

function isLoopback(address: string): boolean {
  return LOOPBACK.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}
