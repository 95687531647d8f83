import { quote } from "#lib/describe-value.ts";
import type { Prediction } from "#translate/match-prediction.ts";
import { routeWords } from "./route-words.ts";

type Routed = Extract<Prediction, { readonly type: "routed" }>;

/** What happens to a routed request, in the order in which it does ({@link routeWords}), and what Envoy answers by itself. */
export function routeSteps({ winner, chosen, answer }: Routed, cluster: (name: string) => string): readonly string[] {
  // What lies beyond a wildcard's one label is somebody else's: that host's policies are not its.
  const isLent = chosen.routes !== chosen.virtualHost.routes;
  const steps = routeWords(winner, isLent ? undefined : chosen.virtualHost.policies, cluster);
  return [...steps, ...(answer === undefined ? [] : [ownWords(winner.action.type, answer)])];
}

function ownWords(type: string, { status, location, body }: NonNullable<Routed["answer"]>): string {
  if (type === "redirect") return `Envoy redirects with ${status} to ${location ?? ""}`;
  return `Envoy answers ${status} by itself${body === undefined ? "" : ` with ${quote(body.trim())}`}`;
}
