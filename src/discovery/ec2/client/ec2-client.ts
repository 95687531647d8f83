import { parseXML } from "@aws-sdk/xml-builder";
import { SignatureV4 } from "@smithy/signature-v4";
import { Backoff, type BackoffLimits } from "#lib/backoff.ts";
import { errorMessage } from "#lib/error-message.ts";
import { pause } from "#lib/pause.ts";
import type { Slots } from "#lib/slots.ts";
import type { Instance } from "../../instance.ts";
import { PlatformError } from "../../platform-error.ts";
import { errorShape, instancesPageShape } from "../shapes.ts";
import type { Credentials, CredentialsProvider } from "./credentials.ts";
import { kindOfError } from "./error-kind.ts";
import type { HttpPost, PostAnswer } from "./http-post.ts";
import { Sha256 } from "./sha256.ts";

export interface Ec2ClientOptions {
  readonly credentials: CredentialsProvider;
  readonly http: HttpPost;
  /** Shared by all that ask with these credentials: an account has one allowance. */
  readonly slots: Slots;
  /** Where every region is asked, instead of Amazon's own addresses. */
  readonly endpoint?: string;
  readonly pageSize: number;
  /** Between tries of a question that is throttled, or that a server fails at. */
  readonly retry: BackoffLimits & { readonly tries: number };
  /** Told of each request that was sent. */
  readonly observe?: (request: ObservedRequest) => void;
}

export interface ObservedRequest {
  readonly verb: "list";
  readonly resource: string;
  /** The HTTP status; 0: no answer. */
  readonly code: number;
  readonly seconds: number;
}

/** Names and values as EC2's query protocol has them: `Filter.1.Name`. */
export type Parameters = Readonly<Record<string, string>>;

const VERSION = "2016-11-15";

/** How far a clock may be off before it is set right, in milliseconds; EC2 refuses signatures that are five minutes off. */
const CLOCK_TOLERANCE = 240_000;

/** Questions to EC2 (its query protocol), signed by AWS' own code; every failure is an {@link PlatformError} in EC2's words. */
export class Ec2Client {
  readonly #options: Ec2ClientOptions;
  /** By how much the servers' clock is ahead of ours, as far as it mattered; milliseconds. */
  #clockAhead = 0;

  constructor(options: Ec2ClientOptions) {
    this.#options = options;
  }

  /** All pages, or an error: half of them is no answer. */
  async instances(region: string, filters: Parameters, signal: AbortSignal): Promise<readonly Instance[]> {
    const found: Instance[] = [];
    const seen = new Set<string>();
    let nextToken: string | undefined;
    do {
      const page = await this.#page(region, { ...filters, ...(nextToken && { NextToken: nextToken }) }, signal);
      found.push(...page.reservationSet.flatMap(({ instancesSet }) => instancesSet));
      nextToken = page.nextToken;
      if (nextToken !== undefined && seen.has(nextToken))
        throw new PlatformError(`EC2 in ${region}: its pages lead in a circle`, { kind: "invalid" });
      if (nextToken !== undefined) seen.add(nextToken);
    } while (nextToken !== undefined);
    return found;
  }

  /** One call, tried again while it is throttled. @returns the answer's XML as {@link parseXML} reads it */
  async call(region: string, action: string, parameters: Parameters, signal: AbortSignal): Promise<unknown> {
    const { retry, slots } = this.#options;
    const backoff = new Backoff(retry);
    for (let left = retry.tries - 1; ; left--) {
      try {
        return await slots.use(signal, () => this.#once(region, action, parameters, signal));
      } catch (error) {
        const isRetried = error instanceof PlatformError && (error.kind === "throttled" || error.kind === "server");
        if (signal.aborted || !isRetried || left <= 0) throw error;
        await pause(backoff.next(), signal);
        signal.throwIfAborted();
      }
    }
  }

  async #page(region: string, parameters: Parameters, signal: AbortSignal) {
    const sized = { ...parameters, MaxResults: String(this.#options.pageSize) };
    const answer = await this.call(region, "DescribeInstances", sized, signal);
    const page = instancesPageShape.safeParse(answer);
    if (page.success) return page.data.DescribeInstancesResponse;
    const [issue] = page.error.issues;
    const what = issue === undefined ? "" : `: ${issue.path.join(".")}: ${issue.message}`;
    throw new PlatformError(`EC2 in ${region} answered what is no list of instances${what}`, { kind: "invalid" });
  }

  async #once(region: string, action: string, parameters: Parameters, signal: AbortSignal): Promise<unknown> {
    const { http, observe, credentials } = this.#options;
    const url = new URL(this.#options.endpoint ?? amazonEndpoint(region));
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    const body = new URLSearchParams({ Action: action, Version: VERSION, ...parameters }).toString();
    const date = new Date(Date.now() + this.#clockAhead);
    const headers = await signed({ region, url, body, date }, await credentials.get(signal));
    signal.throwIfAborted();
    const began = performance.now();
    const told = (code: number): void =>
      observe?.({ verb: "list", resource: "instances", code, seconds: (performance.now() - began) / 1000 });
    let answer: PostAnswer;
    try {
      answer = await http.send({ url, headers, body, signal });
    } catch (error) {
      if (!signal.aborted) told(0);
      throw error;
    }
    told(answer.status);
    if (answer.status === 200) return readXml(answer.body, region);
    const failure = failureOf(answer, region);
    if (failure.kind !== "credentials") throw failure;
    // A signature of another time is refused in the same words as a wrong one.
    if (this.#setClock(answer.date)) return await this.#once(region, action, parameters, signal);
    credentials.forget();
    throw failure;
  }

  /** Returns whether that changed what is signed by. */
  #setClock(theirs: number | undefined): boolean {
    const ahead = theirs === undefined ? this.#clockAhead : theirs - Date.now();
    if (Math.abs(ahead - this.#clockAhead) < CLOCK_TOLERANCE) return false;
    this.#clockAhead = ahead;
    return true;
  }
}

/** The headers of a request with its signature (AWS Signature Version 4). */
async function signed(
  {
    region,
    url,
    body,
    date,
  }: { readonly region: string; readonly url: URL; readonly body: string; readonly date: Date },
  credentials: Credentials,
): Promise<Readonly<Record<string, string>>> {
  const signer = new SignatureV4({ service: "ec2", region, credentials, sha256: Sha256 });
  const request = {
    method: "POST",
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    path: url.pathname,
    query: {},
    headers: { host: url.host, "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    body,
  };
  const { headers } = await signer.sign(request, { signingDate: date });
  return headers;
}

/** Regions of China have a domain of their own. Regions of closed partitions need the setting. */
function amazonEndpoint(region: string): string {
  return `https://ec2.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}

function readXml(text: string, region: string): unknown {
  try {
    return parseXML(text);
  } catch (error) {
    throw new PlatformError(`EC2 in ${region} answered what is no XML: ${errorMessage(error)}`, { kind: "invalid" });
  }
}

function failureOf({ status, body }: PostAnswer, region: string): PlatformError {
  const words = (code: string, message: string) =>
    `EC2 in ${region} answered ${[status, code, message].join(" ").trim()}`;
  try {
    const { Code, Message } = errorShape.parse(parseXML(body)).Response.Errors.Error;
    return new PlatformError(words(Code, Message.slice(0, 300)), { kind: kindOfError(Code, status), status });
  } catch {
    return new PlatformError(words("", ""), { kind: kindOfError("", status), status });
  }
}
