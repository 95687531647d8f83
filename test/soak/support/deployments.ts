import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ApplianceHome } from "../../integration/support/appliance-home.ts";
import { certificateAuthority } from "../../integration/support/certificate.ts";
import { httpGet } from "../../integration/support/http-get.ts";
import { ingress, service, tlsSecret, together } from "../../integration/support/manifests.ts";
import { until } from "../../integration/support/until.ts";

/** Hosts of a deployment. */
const HOSTS = 40;
const AUTHORITY = certificateAuthority();

/** What teams deploy once and take away again: hosts with TLS, each with a Service, in names that no other deployment has. */
export class Deployment implements AsyncDisposable {
  readonly #home: ApplianceHome;
  readonly #number: number;
  readonly #upstream: number;
  readonly #hosts = Array.from({ length: HOSTS }, (_, index) => index);

  /** @param upstream the port of what answers, on 127.0.0.1 */
  constructor(home: ApplianceHome, number: number, upstream: number) {
    this.#home = home;
    this.#number = number;
    this.#upstream = upstream;
  }

  /** Written, and served. */
  async come(): Promise<void> {
    await this.#write("first");
    for (const index of this.#hosts)
      await until(() => this.#ask(index, "/"), {
        accept: (status) => status === 200,
        what: this.#host(index),
        timeoutMs: 60_000,
      });
  }

  /** Every host is asked for what is there, what is not, and what fails; and some are asked that are nobody's. */
  async beAsked(): Promise<void> {
    for (const index of this.#hosts) {
      for (const path of ["/", `/${this.#name(index)}/a?page=${this.#number}`, "/none/a"]) await this.#ask(index, path);
      await this.#plain(`nobody-${this.#name(index)}.test`);
    }
  }

  /** Each host gets another Service and another certificate; a manifest comes that is none. */
  async change(): Promise<void> {
    await this.#write("second");
    const broken = {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: this.#name(0), namespace: "broken" },
      spec: { rules: 3 },
    };
    await this.#home.write(this.#file("broken"), JSON.stringify(broken));
  }

  /** Taken away, and served no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const what of [...this.#hosts, "broken"]) await rm(join(this.#home.path, this.#file(what)), { force: true });
    for (const index of this.#hosts)
      await until(() => this.#plain(this.#host(index)), {
        accept: (status) => status === 404,
        what: `${this.#host(index)} to go`,
        timeoutMs: 60_000,
      });
  }

  async #write(version: string): Promise<void> {
    for (const index of this.#hosts) await this.#home.write(this.#file(index), this.#manifest(index, version));
  }

  /** Ingresses and HTTPProxies by turns; of one in eight an endpoint does not answer. */
  #manifest(index: number, version: string): string {
    const [name, namespace, host] = [this.#name(index), `team-${this.#number}-gone`, this.#host(index)];
    const own = `${version}-${name}`;
    const targets = [
      { host: "127.0.0.1", port: this.#upstream },
      ...(index % 8 === 7 ? [{ host: "127.0.0.1", port: 1 }] : []),
    ];
    const routes = [
      { conditions: [{ prefix: "/" }], services: [{ name: own, port: 80 }], permitInsecure: true },
      { conditions: [{ prefix: "/none" }], services: [{ name: `missing-${name}`, port: 80 }] },
    ];
    const spec = { virtualhost: { fqdn: host, tls: { secretName: name } }, routes };
    return together(
      service(namespace, own, targets),
      index % 2 === 0
        ? ingress(namespace, name, host, own, { secret: name })
        : JSON.stringify({
            apiVersion: "projectcontour.io/v1",
            kind: "HTTPProxy",
            metadata: { name, namespace },
            spec,
          }),
      tlsSecret(namespace, name, AUTHORITY.issue([host])),
    );
  }

  /** `gone` stands in each of its names. */
  #name(index: number): string {
    return `app-${this.#number}-${index}-gone`;
  }

  #host(index: number): string {
    return `${this.#name(index)}.test`;
  }

  #file(what: number | string): string {
    return `manifests/${this.#number}-${what}.yaml`;
  }

  async #ask(index: number, path: string): Promise<number> {
    const host = this.#host(index);
    return (await httpGet({ port: this.#home.https }, path, { host, tls: { servername: host, ca: AUTHORITY.cert } }))
      .status;
  }

  async #plain(host: string): Promise<number> {
    return (await httpGet({ port: this.#home.http }, "/", { host })).status;
  }
}
