import { randomInt } from "node:crypto";
import { Resolver } from "node:dns";
import { errorMessage } from "#lib/error-message.ts";
import { DnsError, type DnsErrorKind } from "./dns-error.ts";
import { exchangeByTcp, exchangeByUdp } from "./exchange.ts";
import { type DnsAnswer, type DnsQuestion, type DnsReply, encodeQuery, readReply } from "./message.ts";
import { type DnsServerAddress, formatServerAddress, parseServerAddress } from "./server-address.ts";
import { Slots } from "#lib/slots.ts";

export interface DnsClientOptions {
  /** Asked in their order until one answers; those of the machine's own configuration unless given. */
  readonly servers?: readonly DnsServerAddress[];
  /** Milliseconds for a server to answer; then the next is asked. */
  readonly timeout: number;
  readonly observe?: (query: ObservedQuery) => void;
}

/** One question to one server. */
export interface ObservedQuery {
  readonly type: DnsQuestion["type"];
  /** That there is nothing is an answer, too. */
  readonly outcome: "answer" | DnsErrorKind;
  readonly seconds: number;
}

type WholeReply = Exclude<DnsReply, { truncated: true } | { plain: true }>;

/** How often each server is asked: packets get lost. */
const ROUNDS = 2;
/** Names that stand for names: more than anybody needs, fewer than a circle. */
const MOST_ALIASES = 8;
const MOST_AT_ONCE = 64;

/**
 * Asks DNS servers that resolve recursively. Node's own resolver was looked at: it tells the time to live of addresses, not of SRV
 * records, nor for how long a name does not exist.
 */
export class DnsClient {
  readonly #options: DnsClientOptions;
  readonly #slots = new Slots(MOST_AT_ONCE);

  constructor(options: DnsClientOptions) {
    this.#options = options;
  }

  /** Throws {@link DnsError} when no server answers, and the signal's reason when it says stop. The name is taken as it is. */
  async ask(question: DnsQuestion, signal: AbortSignal): Promise<DnsAnswer> {
    let { name } = question;
    let ttl = Infinity;
    for (let step = 0; step <= MOST_ALIASES; step++) {
      const reply = await this.#askServers({ ...question, name }, signal);
      ttl = Math.min(ttl, reply.ttl);
      if (!("alias" in reply)) return { ...reply, ttl };
      name = reply.alias;
    }
    throw new DnsError(
      "server",
      `${words(question)}: stands for a name that stands for a name, more than ${MOST_ALIASES} times`,
    );
  }

  async #askServers(question: DnsQuestion, signal: AbortSignal): Promise<WholeReply> {
    const servers = this.#options.servers ?? machineServers();
    let failure = new DnsError("unreachable", `${words(question)}: this machine has no DNS server configured`);
    for (let attempt = 0; attempt < ROUNDS * servers.length; attempt++) {
      const server = servers[attempt % servers.length] as DnsServerAddress;
      try {
        return await this.#slots.use(signal, () => this.#observed(question, server, signal));
      } catch (error) {
        signal.throwIfAborted();
        const kind = kindOf(error);
        failure = new DnsError(kind, `${words(question)}: ${formatServerAddress(server)} ${errorMessage(error)}`, {
          cause: error,
        });
      }
    }
    throw failure;
  }

  async #observed(question: DnsQuestion, server: DnsServerAddress, signal: AbortSignal): Promise<WholeReply> {
    const began = performance.now();
    const observe = (outcome: ObservedQuery["outcome"]): void =>
      this.#options.observe?.({ type: question.type, outcome, seconds: (performance.now() - began) / 1000 });
    try {
      const reply = await this.#askServer(question, server, signal);
      observe("answer");
      return reply;
    } catch (error) {
      if (!signal.aborted) observe(kindOf(error));
      throw error;
    }
  }

  async #askServer(question: DnsQuestion, server: DnsServerAddress, signal: AbortSignal): Promise<WholeReply> {
    const { timeout } = this.#options;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new DnsError("timeout", `did not answer within ${timeout} ms`)), timeout);
    const until = AbortSignal.any([signal, late.signal]);
    const exchange = async (by: typeof exchangeByUdp, plain: boolean): Promise<DnsReply> => {
      const id = randomInt(0x10000);
      const message = encodeQuery(question, id, plain);
      const reply = await by(message, server, (answer) => readReply(answer, question, id, plain), until);
      return "plain" in reply ? await exchange(by, true) : reply;
    };
    try {
      const reply = await exchange(exchangeByUdp, false);
      if (isWhole(reply)) return reply;
      const whole = await exchange(exchangeByTcp, false);
      if (isWhole(whole)) return whole;
      throw new DnsError("malformed", "cut its answer off, also over TCP");
    } finally {
      clearTimeout(timer);
    }
  }
}

function isWhole(reply: DnsReply): reply is WholeReply {
  return !("truncated" in reply || "plain" in reply);
}

function kindOf(error: unknown): DnsErrorKind {
  return error instanceof DnsError ? error.kind : "malformed";
}

/** Read anew each time: a machine changes networks. */
function machineServers(): readonly DnsServerAddress[] {
  return new Resolver().getServers().flatMap((text) => parseServerAddress(text) ?? []);
}

function words({ name, type }: DnsQuestion): string {
  return `${type} of ${name}`;
}
