import type { FailureFacts } from "./failure-facts.ts";

export interface ConnectFailure {
  readonly summary: string;
  readonly detail: string;
  readonly nextStep: string;
}

interface Row {
  /** Looked for in the transport's failure reason and the response code details. */
  readonly words: RegExp;
  tell(facts: FailureFacts): ConnectFailure;
}

/** Why no connection to an endpoint could be made (UF): the first row whose words are found. */
const ROWS: readonly Row[] = [
  {
    words: /refused/i,
    tell: ({ endpoint, upstream, service, attempts }) => ({
      summary: `${endpoint} of ${upstream} refused the connection`,
      detail: `the machine is there, but nothing listens on that port${attempts}`,
      nextStep: `Is the program up and listening on the targetPort of ${service}? A crash, or a wrong port, looks like this`,
    }),
  },
  {
    words: /certificate[_ ]verify[_ ]failed/i,
    tell: ({ endpoint, upstream, service }) => ({
      summary: `The certificate of ${upstream} is not trusted`,
      detail: `the TLS handshake with ${endpoint} failed: the certificate has expired, has another name, or another issuer`,
      nextStep: `Check the certificate that ${endpoint} shows (dates, names, issuer) against what is set for ${service}`,
    }),
  },
  {
    words: /wrong[_ ]version[_ ]number|http[_ ]request/i,
    tell: ({ endpoint, upstream, service }) => ({
      summary: `${upstream} does not speak TLS on this port`,
      detail: `the TLS handshake with ${endpoint} got an answer that is none`,
      nextStep: `Take TLS away from ${service} (its appProtocol or annotation), or point it at the TLS port`,
    }),
  },
  {
    words: /tls|ssl/i,
    tell: ({ endpoint, upstream, service }) => ({
      summary: `TLS handshake with ${upstream} failed`,
      detail: `${endpoint} and Envoy could not agree`,
      nextStep: `Compare TLS versions, client certificate and server name of ${service} with what ${endpoint} asks for`,
    }),
  },
  {
    words: /time[d]?[_ ]?out/i,
    tell: ({ endpoint, upstream, attempts }) => ({
      summary: `No connection to ${upstream}: ${endpoint} does not answer`,
      detail: `the connect timeout passed${attempts}`,
      nextStep: `Is the machine or pod of ${endpoint} up, and may the appliance reach it (firewall, security group, network policy)?`,
    }),
  },
  {
    words: /unreachable|no route to host/i,
    tell: ({ endpoint, upstream }) => ({
      summary: `No way to ${upstream}: the network of ${endpoint} cannot be reached`,
      detail: "the appliance's own network has no route there, or a router says the host is gone",
      nextStep: `Check routes and interfaces of the appliance towards ${endpoint}; if others there answer, that machine is off`,
    }),
  },
  {
    words: /cannot assign requested address|address already in use/i,
    tell: ({ upstream }) => ({
      summary: `The appliance has no free port left for connections to ${upstream}`,
      detail: "all local ports towards this address are in use",
      nextStep: "Look for connections that are opened for each request; let the upstream keep connections alive",
    }),
  },
  {
    words: /reset|terminat/i,
    tell: ({ endpoint, upstream, attempts }) => ({
      summary: `${endpoint} of ${upstream} cut the new connection`,
      detail: `the connection was reset while it was made${attempts}`,
      nextStep: `Is ${endpoint} at its limit of connections, or a proxy or firewall in front of it refusing the appliance?`,
    }),
  },
];

export function connectFailure(facts: FailureFacts): ConnectFailure {
  const { transportFailure, details } = facts.request;
  // Of `upstream_reset_before_response_started{connection_timeout}` only what stands in the braces is the cause.
  const words = `${transportFailure} ${/\{(.*)\}/.exec(details)?.[1] ?? ""}`;
  const found = ROWS.find((row) => row.words.test(words))?.tell(facts) ?? {
    summary: `No connection to ${facts.upstream}`,
    detail: `connecting to ${facts.endpoint} failed${facts.attempts}`,
    nextStep: `Check that ${facts.endpoint} is up and that the appliance may reach it`,
  };
  return transportFailure === "" ? found : { ...found, detail: `${found.detail} (“${transportFailure}”)` };
}
