import { once } from "node:events";
import { createServer } from "node:http";
import { listeningPort } from "../../integration/support/free-port.ts";

export interface SimulatedAlertmanager extends AsyncDisposable {
  readonly url: URL;
}

/** Answers the two questions of the console as Alertmanager would, with two alerts of the invented appliance. */
export async function startSimulatedAlertmanager(): Promise<SimulatedAlertmanager> {
  const since = Date.now();
  const silenced = new Set<string>();
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    if (request.method === "POST") {
      silenced.add("2");
      response.end('{"silenceID":"8d9b7c1e-0000-4000-8000-000000000000"}');
    } else if (request.url?.startsWith("/api/v2/alerts") === true)
      response.end(JSON.stringify(alerts(since, silenced)));
    else response.end("[]");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: new URL(`http://127.0.0.1:${listeningPort(server)}/`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function alerts(since: number, silenced: ReadonlySet<string>): object[] {
  const alert = (id: string, name: string, severity: string, team: string, ago: number, summary: string): object => ({
    fingerprint: id,
    labels: { alertname: name, severity, team, namespace: team },
    annotations: { summary, description: summary, runbook_url: `https://runbooks.example.com/${name}` },
    startsAt: new Date(since - ago).toISOString(),
    updatedAt: new Date(since).toISOString(),
    endsAt: new Date(since + 300_000).toISOString(),
    generatorURL: "",
    receivers: [{ name: "on-call" }],
    status: { state: "active", silencedBy: silenced.has(id) ? ["8d9b7c1e"] : [], inhibitedBy: [] },
  });
  return [
    alert(
      "1",
      "UpstreamNoHealthyEndpoints",
      "critical",
      "team-search",
      25_000,
      "No endpoint of team-search/search-frontend-production is healthy: its requests are answered 503",
    ),
    alert(
      "2",
      "DiscoverySourceStale",
      "warning",
      "platform",
      240_000,
      "os-west has not answered for 4 minutes; its last known upstreams go on",
    ),
  ];
}
