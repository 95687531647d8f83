import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { type StandInOptions, StandInServer } from "./stand-in-server.ts";

export interface StandInInstance {
  readonly id: string;
  readonly address: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly state?: string;
}

/** What happens to a request instead: an error as EC2 writes it, no answer ever, one that breaks off, or a cut before it begins. */
export type Ec2Fault = { readonly status: number; readonly code: string } | "hang" | "break" | "cut";

/** A request as it came: of whom, by whom, for what. */
export interface Ec2Request {
  readonly region: string;
  readonly keyId: string;
  readonly parameters: URLSearchParams;
  /** By the asker's clock, milliseconds since the epoch. */
  readonly signedAt: number;
}

/**
 * EC2's DescribeInstances, for faults that a real server can't be made to show when a test wants them; it looks at no signature.
 * What a real one says is asked by `npm run test:platforms`.
 */
export class Ec2StandIn extends StandInServer<[Ec2Request], Ec2Fault> {
  readonly requests: Ec2Request[] = [];
  /** By region. */
  readonly instances = new Map<string, readonly StandInInstance[]>();
  pageSize = 2;
  /** By how much its clock is ahead of this machine's, in milliseconds. */
  clockAhead = 0;

  static async start(options?: StandInOptions): Promise<Ec2StandIn> {
    return new Ec2StandIn(await StandInServer.listen(options));
  }

  protected override async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, keyId = "", region = ""] =
      /Credential=([^/]+)\/\d+\/([^/]+)\/ec2\//.exec(request.headers.authorization ?? "") ?? [];
    const stamp = String(request.headers["x-amz-date"]).replace(
      /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
      "$1-$2-$3T$4:$5:$6Z",
    );
    const parameters = new URLSearchParams(await text(request));
    const asked = { region, keyId, parameters, signedAt: Date.parse(stamp) };
    response.setHeader("date", new Date(Date.now() + this.clockAhead).toUTCString());
    this.requests.push(asked);
    const fault = this.fault(asked);
    if (fault === "hang") return;
    if (fault === "cut") return void response.destroy();
    if (typeof fault === "object") {
      const { status, code } = fault;
      response.writeHead(status).end(xml(`Response`, `<Errors><Error><Code>${code}</Code></Error></Errors>`));
      return;
    }
    const page = this.#page(asked);
    if (fault !== "break") {
      response.end(page);
      return;
    }
    response.writeHead(200, { "content-length": page.length });
    response.write(page.slice(0, page.length / 2), () => response.destroy());
  }

  #page({ region, parameters }: Ec2Request): string {
    const all = this.instances.get(region) ?? [];
    const from = Number(parameters.get("NextToken") ?? 0);
    const next = from + this.pageSize;
    const items = all.slice(from, next).map(instanceXml).join("");
    const token = next < all.length ? `<nextToken>${next}</nextToken>` : "<nextToken/>";
    return xml("DescribeInstancesResponse", `<reservationSet>${items}</reservationSet>${token}`);
  }
}

function xml(root: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${content}</${root}>`;
}

function instanceXml({ id, address, tags, state = "running" }: StandInInstance): string {
  const tagItems = Object.entries(tags).map(([key, value]) => `<item><key>${key}</key><value>${value}</value></item>`);
  return `<item><instancesSet><item><instanceId>${id}</instanceId><instanceState><name>${state}</name></instanceState>
    <privateIpAddress>${address}</privateIpAddress><networkInterfaceSet/><tagSet>${tagItems.join("")}</tagSet>
    </item></instancesSet></item>`;
}
