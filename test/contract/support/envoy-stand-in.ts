import type { AdsClient, Received } from "./ads-client.ts";

/** What a client says of one resource: undefined, or why it refuses it. */
export type Judgement = (type: Received["type"], name: string, bytes: Uint8Array) => string | undefined;

/**
 * Asks for what an Envoy with a plain HTTP and an HTTPS listener asks for, and takes or refuses it as a whole response at a
 * time. For what only a control plane does with answers; what Envoy really does is the integration tests' business.
 */
export class EnvoyStandIn {
  /** What it has, `type name` → bytes. */
  readonly has = new Map<string, Uint8Array>();
  readonly #client: AdsClient;
  readonly #judge: Judgement;

  constructor(client: AdsClient, judge: Judgement) {
    this.#client = client;
    this.#judge = judge;
    client.ask("cluster");
    client.ask("listener");
    client.ask("routeTable", { subscribe: ["http", "https"] });
    client.ask("virtualHost");
    client.ask("runtime", { subscribe: ["binnacle"] });
  }

  /** A handshake for this server name. */
  handshake(serverName: string): void {
    this.#client.ask("secret", { subscribe: [serverName] });
  }

  /** Answers everything until nothing more comes, also not in the next turn of the event loop. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3;) {
      const received = await this.#client.rest();
      quiet = received.length === 0 ? quiet + 1 : 0;
      for (const response of received) this.#answer(response);
    }
  }

  #answer(response: Received): void {
    const { type, bytes, removed } = response;
    const reasons = [...bytes].flatMap(([name, content]) => this.#judge(type, name, content) ?? []);
    if (reasons.length > 0) {
      this.#client.nack(response, reasons.join("; "));
      return;
    }
    for (const [name, content] of bytes) this.has.set(`${type} ${name}`, content);
    for (const name of removed) this.has.delete(`${type} ${name}`);
    this.#client.ack(response);
    if (type === "cluster" && bytes.size > 0) this.#client.ask("endpoints", { subscribe: [...bytes.keys()] });
  }
}
