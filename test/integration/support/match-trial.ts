import assert from "node:assert/strict";
import { type MatchQuestion, predict, type Prediction } from "#translate/match-prediction.ts";
import { type MatchWorld, matchWorld } from "#translate/match-world.ts";
import { envoyRouteName } from "#xds/resources/traffic-key.ts";
import type { Gateway } from "./gateway.ts";
import { httpGet, type HttpAnswer } from "./http-get.ts";
import { until } from "./until.ts";

/** What Envoy's log says of a request, or should. */
interface Outcome {
  readonly question: MatchQuestion;
  readonly prediction: Prediction;
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
}

/** Sends requests through a real Envoy, and compares what its log names with what is predicted. */
export class MatchTrial {
  readonly #gateway: Gateway;
  readonly #sent = new Map<string, Outcome>();
  #world: MatchWorld;
  #compared = 0;

  /** The gateway logs requests. */
  constructor(gateway: Gateway) {
    this.#gateway = gateway;
    this.#world = matchWorld(gateway.controlPlane.translator.eachItem());
  }

  get world(): MatchWorld {
    return this.#world;
  }

  /** How many requests have been compared. */
  get compared(): number {
    return this.#compared;
  }

  /** The objects are others now, and Envoy has them. */
  refresh(): void {
    this.#world = matchWorld(this.#gateway.controlPlane.translator.eachItem());
  }

  async send(question: MatchQuestion): Promise<HttpAnswer | undefined> {
    const agent = `trial-${this.compared + this.#sent.size}`;
    const { secure, authority, method, target, headers, serverName = authority.replace(/:\d+$/, "") } = question;
    const prediction = predict(question, this.#world);
    const port = secure ? this.#gateway.httpsPort : this.#gateway.httpPort;
    const answer = await httpGet({ port }, target, {
      host: authority,
      method,
      headers: { ...Object.fromEntries(headers), "user-agent": agent },
      ...(secure ? { tls: { servername: serverName } } : {}),
    }).catch((error: unknown) => {
      if (prediction.type === "noHandshake") return undefined;
      throw error;
    });
    if (answer === undefined) return undefined;
    assert.notEqual(prediction.type, "noHandshake", `${JSON.stringify(question)}: the handshake succeeded`);
    const { status, headers: answered, body } = answer;
    this.#sent.set(agent, { question, prediction, status, location: answered.location, body });
    return answer;
  }

  /** Compares all that was sent. Returns how many requests each kind of prediction was right about. */
  async compare(): Promise<Readonly<Record<string, number>>> {
    const sent = [...this.#sent];
    this.#sent.clear();
    this.#compared += sent.length;
    // A request that Envoy's codec refuses has no user agent yet.
    const logged = sent.filter(([, { prediction }]) => prediction.type !== "early");
    const lines = await until(() => this.#gateway.requestLines(), {
      accept: (found) => logged.every(([agent]) => found.has(agent)),
      what: "Envoy's log to have every request",
    });
    const kinds: Record<string, number> = {};
    for (const [agent, outcome] of sent) {
      compareOne(outcome, lines.get(agent) ?? {});
      const { type } = outcome.prediction;
      kinds[type] = (kinds[type] ?? 0) + 1;
    }
    return kinds;
  }
}

function compareOne(outcome: Outcome, line: Readonly<Record<string, unknown>>): void {
  const { prediction, question, status, location, body } = outcome;
  const what = `${JSON.stringify(question)} ${JSON.stringify(line)}`;
  const text = (key: string): string => stringOf(line[key]);
  switch (prediction.type) {
    case "noListener":
    case "connection":
    case "noHandshake":
      return assert.fail(`${what}: it was answered`);
    case "early":
      assert.equal(status, prediction.answer.status, what);
      assert.equal(location, prediction.answer.location, what);
      return;
    case "noHost":
    case "noRoute":
      assert.equal(status, prediction.status, what);
      // The table's own answer to strangers has a name of its own.
      assert.match(text("route"), /^(misdirected)?$/, what);
      return;
    case "routed": {
      const { winner, chosen, answer } = prediction;
      assert.equal(text("route"), envoyRouteName(chosen.host, winner.owner, winner.name), what);
      if (winner.action.type === "forward") {
        const reachable = winner.action.clusters.filter(({ weight }) => weight > 0).map(({ name }) => name);
        // A filter that answers before the router leaves no cluster.
        const cluster = text("cluster");
        if (cluster !== "") assert.ok(reachable.includes(cluster), `${what}: ${reachable.join()}`);
        return;
      }
      const before = text("details");
      if (before !== "direct_response") return;
      assert.equal(status, answer?.status, what);
      assert.equal(location, answer?.location, what);
      if (answer?.body !== undefined && question.method !== "HEAD") assert.equal(body, answer.body, what);
      return;
    }
  }
}

function stringOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
