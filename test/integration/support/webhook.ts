import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { listeningPort } from "./free-port.ts";
import { until } from "./until.ts";

/** What Alertmanager posts, as far as tests look at it. */
export interface WebhookMessage {
  readonly status: string;
  readonly receiver: string;
  readonly alerts: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

/** Collects what arrives; `message` is emitted at each. */
export class Inbox<T> {
  readonly messages: T[] = [];
  readonly events = new EventEmitter();

  receive(message: T): void {
    this.messages.push(message);
    this.events.emit("message");
  }

  /** The first message that `accept` takes. It may be there already. */
  async first(what: string, accept: (message: T) => boolean, timeoutMs = 120_000): Promise<T> {
    const event = { emitter: this.events, name: "message" };
    const found = await until(() => this.messages.find(accept), { what, event, timeoutMs });
    assert.ok(found);
    return found;
  }
}

/** Hears what Alertmanager posts to `http://127.0.0.1:port`. */
export async function webhookServer(inbox: Inbox<WebhookMessage>) {
  const server = createServer((request, response) => {
    text(request).then(
      (message) => {
        inbox.receive(JSON.parse(message) as WebhookMessage);
        response.end();
      },
      () => response.destroy(),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: listeningPort(server), [Symbol.dispose]: () => server.close() };
}
