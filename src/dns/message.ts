import { type DecodedPacket, decode, encode, type OptAnswer, RECURSION_DESIRED } from "dns-packet";
import { errorMessage } from "#lib/error-message.ts";
import { DnsError } from "./dns-error.ts";

export interface DnsQuestion {
  readonly name: string;
  readonly type: "A" | "AAAA" | "SRV";
}

export type DnsRecord =
  | { readonly type: "A" | "AAAA"; readonly address: string }
  | {
      readonly type: "SRV";
      readonly target: string;
      readonly port: number;
      readonly priority: number;
      readonly weight: number;
    };

export interface DnsAnswer {
  /** In the order of the message; none is an answer, too. */
  readonly records: readonly DnsRecord[];
  /** Whether there is such a name, with whatever records. */
  readonly exists: boolean;
  /** Seconds for which it holds: the least of all that led to it. */
  readonly ttl: number;
}

/** What a message says to a question. */
export type DnsReply =
  | DnsAnswer
  /** The name stands for another one, of which the message does not tell. */
  | { readonly alias: string; readonly ttl: number }
  /** There is more than fits: it has to be asked by TCP. */
  | { readonly truncated: true }
  /** The server does not know EDNS: it has to be asked without. */
  | { readonly plain: true };

/** What fits into one packet on every path, so that none is lost as a fragment (RFC 9715). */
const UDP_PAYLOAD = 1232;

const EDNS: OptAnswer = {
  type: "OPT",
  name: ".",
  udpPayloadSize: UDP_PAYLOAD,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

/**
 * @param id 16 bits that nobody can guess
 * @param plain without EDNS: answers of more than 512 bytes come by TCP
 */
export function encodeQuery({ name, type }: DnsQuestion, id: number, plain = false): Uint8Array {
  return encode({
    type: "query",
    id,
    flags: RECURSION_DESIRED,
    questions: [{ type, name }],
    additionals: plain ? [] : [EDNS],
  });
}

/**
 * Reads a message as the answer to a question; undefined for one that answers something else (late, or forged). Throws
 * {@link DnsError} for one that says that there is no answer.
 *
 * @param plain whether it was asked without EDNS
 */
export function readReply(message: Uint8Array, question: DnsQuestion, id: number, plain = false): DnsReply | undefined {
  if (isCutOff(message, id)) return { truncated: true };
  const packet = decoded(message);
  const [asked] = packet.questions ?? [];
  if (packet.type !== "response" || packet.id !== id) return undefined;
  if (asked !== undefined && (!isSame(asked.name, question.name) || asked.type !== question.type)) return undefined;
  // dns-packet's types lack what its decoder sets.
  const { rcode } = packet as unknown as { readonly rcode: string };
  // A server that does not know EDNS cannot read the question, or does not do what it asks for (RFC 6891 §7).
  if (!plain && (rcode === "FORMERR" || rcode === "NOTIMP")) return { plain: true };
  if (rcode === "REFUSED" || rcode === "NOTAUTH") throw new DnsError("refused", `answered ${rcode}`);
  if (rcode !== "NOERROR" && rcode !== "NXDOMAIN") throw new DnsError("server", `answered ${rcode}`);
  return answerOf(packet, question, rcode === "NOERROR");
}

function answerOf(packet: DecodedPacket, { name, type }: DnsQuestion, exists: boolean): DnsReply {
  const answers = packet.answers ?? [];
  let owner = name;
  let ttl = Infinity;
  // As many names as there are answers is the longest way that is no circle.
  for (let step = 0; step <= answers.length; step++) {
    const alias = answers.find((answer) => answer.type === "CNAME" && isSame(answer.name, owner));
    if (alias?.type !== "CNAME") break;
    owner = alias.data;
    ttl = Math.min(ttl, alias.ttl ?? 0);
  }
  const records: DnsRecord[] = [];
  for (const answer of answers) {
    if (answer.type !== type || !isSame(answer.name, owner)) continue;
    if (answer.type === "A" || answer.type === "AAAA") records.push({ type: answer.type, address: answer.data });
    else if (answer.type === "SRV") {
      const { target, port, priority = 0, weight = 0 } = answer.data;
      records.push({ type: "SRV", target, port, priority, weight });
    } else continue;
    ttl = Math.min(ttl, answer.ttl ?? 0);
  }
  if (records.length > 0) return { records, exists: true, ttl };
  const denial = negativeTtl(packet);
  if (!isSame(owner, name) && exists && denial === undefined) return { alias: owner, ttl };
  if (exists && denial === undefined && isReferral(packet))
    throw new DnsError("server", "answered by naming other servers: it does not resolve names for this machine");
  return { records: [], exists, ttl: Math.min(ttl, denial ?? 0) };
}

/** For how long it holds that there is nothing, in seconds (RFC 2308 §5); undefined where the message does not say so. */
function negativeTtl({ authorities }: DecodedPacket): number | undefined {
  const soa = (authorities ?? []).find((answer) => answer.type === "SOA");
  return soa?.type === "SOA" ? Math.min(soa.ttl ?? 0, soa.data.minimum ?? 0) : undefined;
}

/** Name servers without an SOA: nothing is said of the name itself (RFC 2308 §2.2). */
function isReferral({ authorities }: DecodedPacket): boolean {
  return (authorities ?? []).some(({ type }) => type === "NS");
}

const RESPONSE_CUT_OFF = 0x8200;

/** By its head alone: what was cut may not be readable to its end, and is not to be used (RFC 2181 §9). */
function isCutOff(message: Uint8Array, id: number): boolean {
  if (message.length < 4) return false;
  const head = new DataView(message.buffer, message.byteOffset, 4);
  return head.getUint16(0) === id && (head.getUint16(2) & RESPONSE_CUT_OFF) === RESPONSE_CUT_OFF;
}

function decoded(message: Uint8Array): DecodedPacket {
  try {
    return decode(Buffer.from(message.buffer, message.byteOffset, message.byteLength));
  } catch (error) {
    throw new DnsError("malformed", `answered what is no DNS message: ${errorMessage(error)}`, { cause: error });
  }
}

/** Names are the same in either case, and with or without the last dot. */
function isSame(a: string, b: string): boolean {
  return a.replace(/\.$/, "").toLowerCase() === b.replace(/\.$/, "").toLowerCase();
}
