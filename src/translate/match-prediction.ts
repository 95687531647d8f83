import type { IrCertificate } from "./ir.ts";
import type { IrListener, IrTcpCluster, IrTlsChain } from "./ir-listener.ts";
import { ANY_HOST } from "./ir.ts";
import type { IrDirectResponse, IrRoute } from "./ir-route.ts";
import { ownAddress, redirectLocation } from "./match-redirect.ts";
import { hostOf, type EarlyAnswer, type RequestWishes, routedRequest, type RoutedRequest } from "./match-request.ts";
import { routeMismatch } from "./match-route.ts";
import { chooseChain, chooseVirtualHost, type ChosenHost, wildcardsAbove } from "./match-virtual-host.ts";
import type { MatchWorld } from "./match-world.ts";
import { precedenceWords } from "./precedence-words.ts";

export interface MatchQuestion extends RequestWishes {
  /** The listener's name. Undefined: the first that speaks the protocol. */
  readonly listener?: string;
  /** SNI. Undefined: the authority's host. */
  readonly serverName?: string;
}

/** What becomes of a request, from the items alone: what Envoy will do with it while they stand. */
export type Prediction =
  /** There is no such listener, or none for the protocol. */
  | { readonly type: "noListener"; readonly why: string }
  /** No certificate stands for the server name: the handshake fails. */
  | (OnListener & { readonly type: "noHandshake"; readonly why: string })
  /** The chain forwards connections as they are, and reads no requests; without clusters it closes them. */
  | (OnListener & { readonly type: "connection"; readonly clusters: readonly IrTcpCluster[] })
  /** Envoy answers before it looks for a host. */
  | (OnListener & { readonly type: "early"; readonly answer: EarlyAnswer })
  /** No virtual host: 404, or 421 on a TLS chain. */
  | (OnListener & { readonly type: "noHost"; readonly request: RoutedRequest; readonly status: 404 | 421 })
  /** A virtual host without a route for it: 404. */
  | (OnHost & { readonly type: "noRoute"; readonly status: 404 })
  | (OnHost & { readonly type: "routed"; readonly winner: IrRoute; readonly answer: OwnAnswer | undefined });

interface OnListener {
  readonly listener: IrListener;
  readonly routeTable: string;
  /** Of TLS. */
  readonly chain: IrTlsChain | undefined;
  readonly certificate: IrCertificate | undefined;
}

interface OnHost extends OnListener {
  readonly request: RoutedRequest;
  readonly chosen: ChosenHost;
  /** In the order in which routes are looked at. */
  readonly losers: readonly LosingRoute[];
}

export interface LosingRoute {
  readonly route: IrRoute;
  /** It would take the request, if the winner did not. */
  readonly matches: boolean;
  readonly why: string;
}

/** An answer that no upstream is asked for; rate limits, CORS, authorisation and address rules come before it. */
export interface OwnAnswer {
  readonly status: number;
  readonly location?: string;
  readonly body?: string;
}

export function predict(question: MatchQuestion, world: MatchWorld): Prediction {
  const listener = listenerFor(question, world);
  if (typeof listener === "string") return { type: "noListener", why: listener };
  const name = hostOf(question.authority);
  const serverName = (question.serverName ?? name).toLowerCase();
  const chain = chooseChain(listener.serves, serverName);
  const certificate = question.secure ? certificateFor(chain?.certificate, serverName, world) : undefined;
  const routeTable = listener.serves.protocol === "http" ? listener.serves.routeTable : (chain?.routeTable ?? "");
  const on = { listener, routeTable, chain, certificate };
  const isPassed = chain?.policy === "passthrough";
  if (question.secure && certificate === undefined && !isPassed) {
    return { ...on, type: "noHandshake", why: `no certificate stands for the server name ${serverName}` };
  }
  if (chain?.tcp !== undefined) return { ...on, type: "connection", clusters: chain.tcp };
  const request = routedRequest(question);
  if ("status" in request) return { ...on, type: "early", answer: request };
  const chosen = chooseVirtualHost(world.hosts.get(routeTable) ?? new Map(), name);
  if (chosen === undefined) {
    return { ...on, type: "noHost", request, status: world.tables.get(routeTable)?.unserved ?? 404 };
  }
  return { ...on, ...chooseRoute(chosen, request) };
}

function chooseRoute(chosen: ChosenHost, request: RoutedRequest) {
  const looked = chosen.routes.map((route) => ({ route, mismatch: routeMismatch(route.match, request) }));
  const winner = looked.find(({ mismatch }) => mismatch === undefined)?.route;
  const losers = looked.flatMap(({ route, mismatch }): readonly LosingRoute[] => {
    if (route === winner) return [];
    if (mismatch !== undefined) return [{ route, matches: false, why: mismatch }];
    return [{ route, matches: true, why: winner === undefined ? "" : precedenceWords(winner, route) }];
  });
  if (winner === undefined) return { type: "noRoute", status: 404, request, chosen, losers } as const;
  return { type: "routed", winner, answer: ownAnswer(winner, chosen.host, request), request, chosen, losers } as const;
}

function ownAnswer(route: IrRoute, host: string, request: RoutedRequest): OwnAnswer | undefined {
  const { action } = route;
  if (action.type === "forward") return undefined;
  if (action.type === "respond") return responseOf(action, request);
  return { status: action.status, location: redirectLocation(action, route.match.path, host, request) };
}

/** Envoy gives every answer of its own that could be a redirect a Location, which is the request's own address. */
function responseOf({ status, body }: IrDirectResponse, request: RoutedRequest): OwnAnswer {
  const isRedirect = status === 201 || (status >= 300 && status < 400);
  return { status, ...(isRedirect ? { location: ownAddress(request) } : {}), ...(body === "" ? {} : { body }) };
}

function listenerFor({ listener: name, secure }: MatchQuestion, { listeners }: MatchWorld): IrListener | string {
  const protocol = secure ? "https" : "http";
  const speaking = listeners.filter(({ serves }) => serves.protocol === protocol);
  const found = name === undefined ? speaking[0] : speaking.find((listener) => listener.name === name);
  if (found !== undefined) return found;
  if (name === undefined) return `no listener speaks ${protocol}`;
  const names = speaking.map((listener) => listener.name);
  return `there is no ${protocol} listener ${name}${names.length === 0 ? "" : `, but ${names.join(", ")}`}`;
}

/** The chain's own, or that of the name itself, the wildcard above it, the closest first, the catch-all. */
function certificateFor(
  own: string | undefined,
  serverName: string,
  { certificates }: MatchWorld,
): IrCertificate | undefined {
  if (own !== undefined) return certificates.get(own);
  for (const name of [serverName, ...wildcardsAbove(serverName), ANY_HOST]) {
    const found = certificates.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}
