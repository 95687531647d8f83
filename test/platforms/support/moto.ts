import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Credentials } from "#discovery/ec2/client/credentials.ts";
import { Ec2Client, type Parameters } from "#discovery/ec2/client/ec2-client.ts";
import { HttpPost } from "#discovery/ec2/client/http-post.ts";
import { isMap } from "#lib/schema-rules.ts";
import { Slots } from "#lib/slots.ts";
import { freePort } from "../../integration/support/free-port.ts";
import { until } from "../../integration/support/until.ts";

/** As good as any until {@link Moto.checkCredentials}. */
const ANYBODY: Credentials = { accessKeyId: "anybody", secretAccessKey: "anybody" };
const ALL_OF_EC2 = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "ec2:*", Resource: "*" }] };

export interface InstanceWish {
  /** Of the subnet that {@link Moto.subnet} made. */
  readonly address: string;
  readonly subnet: string;
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * Moto: a server that speaks EC2's, IAM's, STS' and the instance metadata's APIs and keeps what it is told, 90 MB, in seconds.
 * What it holds is gone when it ends.
 */
export class Moto implements AsyncDisposable {
  readonly url: string;
  readonly #port: number;
  readonly #folder: string;
  readonly #http = new HttpPost({ timeout: 60_000 });
  readonly #admin: Ec2Client;
  #keys = ANYBODY;
  #child: ChildProcess | undefined;
  #log = "";

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.#admin = new Ec2Client({
      credentials: { get: () => Promise.resolve(this.#keys), forget: () => {} },
      http: this.#http,
      slots: new Slots(1),
      endpoint: this.url,
      pageSize: 1000,
      retry: { tries: 1, least: 1, most: 1 },
    });
  }

  static async start(): Promise<Moto> {
    const folder = process.env["BINNACLE_MOTO"];
    if (folder === undefined || folder === "")
      throw new Error('BINNACLE_MOTO is not set; run this test by "npm run test:platforms", which installs it once');
    const moto = new Moto(folder, await freePort());
    await moto.up();
    return moto;
  }

  async up(): Promise<void> {
    const args = ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(this.#port)];
    const env = { PATH: process.env["PATH"], PYTHONPATH: join(this.#folder, "lib"), PYTHONDONTWRITEBYTECODE: "1" };
    const child = spawn("python3", args, { env, stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#log += text));
    this.#child = child;
    const answers = () => {
      if (child.exitCode !== null) throw new Error(`moto ended: ${this.#log}`);
      return fetch(`${this.url}/moto-api/`).then(
        () => true,
        () => false,
      );
    };
    await until(answers, { what: "moto to answer", timeoutMs: 60_000 }).catch(async (error: unknown) => {
      await this.down();
      throw new Error(this.#log, { cause: error });
    });
  }

  async down(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Takes questions and answers none until {@link thaw}. */
  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  /** From now on only keys of users that it knows are answered, of those who may ask, with a right signature. */
  async checkCredentials(): Promise<void> {
    this.#keys = await this.user("operator");
    await fetch(`${this.url}/moto-api/reset-auth`, { method: "POST", body: "0" });
  }

  /** A user who may do everything with EC2, and the user's key. Before {@link checkCredentials}. */
  async user(name: string): Promise<Credentials> {
    await this.#iam("CreateUser", { UserName: name });
    const policy = { PolicyName: "ec2", PolicyDocument: JSON.stringify(ALL_OF_EC2) };
    await this.#iam("PutUserPolicy", { UserName: name, ...policy });
    const answer = await this.#iam("CreateAccessKey", { UserName: name });
    const word = (tag: string) => new RegExp(`<${tag}>([^<]+)<`).exec(answer)?.[1] ?? "";
    return { accessKeyId: word("AccessKeyId"), secretAccessKey: word("SecretAccessKey") };
  }

  /** One call of EC2's API by one who may do everything. */
  call(region: string, action: string, parameters: Parameters): Promise<unknown> {
    return this.#admin.call(region, action, parameters, AbortSignal.timeout(60_000));
  }

  /** A VPC with one subnet. */
  async subnet(region: string, block: string): Promise<{ readonly vpc: string; readonly subnet: string }> {
    const vpc = wordAt(await this.call(region, "CreateVpc", { CidrBlock: block }), "CreateVpcResponse.vpc.vpcId");
    const made = await this.call(region, "CreateSubnet", { VpcId: vpc, CidrBlock: block });
    return { vpc, subnet: wordAt(made, "CreateSubnetResponse.subnet.subnetId") };
  }

  /** @returns its id */
  async run(region: string, { address, subnet, tags }: InstanceWish): Promise<string> {
    const made = await this.call(region, "RunInstances", {
      ImageId: "ami-12345678",
      MinCount: "1",
      MaxCount: "1",
      SubnetId: subnet,
      PrivateIpAddress: address,
      "TagSpecification.1.ResourceType": "instance",
      ...Object.fromEntries(
        Object.entries(tags).flatMap(([key, value], index) => [
          [`TagSpecification.1.Tag.${index + 1}.Key`, key],
          [`TagSpecification.1.Tag.${index + 1}.Value`, value],
        ]),
      ),
    });
    return wordAt(made, "RunInstancesResponse.instancesSet.item.instanceId");
  }

  async #iam(action: string, parameters: Parameters): Promise<string> {
    const answer = await fetch(this.url, {
      method: "POST",
      // It reads from the signature which service is meant.
      headers: { authorization: "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/iam/aws4_request" },
      body: new URLSearchParams({ Action: action, Version: "2010-05-08", ...parameters }),
    });
    const words = await answer.text();
    if (!answer.ok) throw new Error(`${action}: ${answer.status} ${words}`);
    return words;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http[Symbol.dispose]();
    await this.down();
  }
}

function wordAt(answer: unknown, path: string): string {
  let value = answer;
  for (const key of path.split(".")) value = isMap(value) ? value[key] : undefined;
  if (typeof value !== "string") throw new Error(`no ${path} in ${JSON.stringify(answer)}`);
  return value;
}
