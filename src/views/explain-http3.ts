import type { Explanation } from "#api/ports/explain.ts";
import { ANY_HOST, FALLBACK_TABLE } from "#translate/ir.ts";
import type { Prediction } from "#translate/match-prediction.ts";

/** Whether the host of a request over TLS is there by HTTP/3, too; if not, why. Of plain HTTP nothing is said. */
export function http3Part({
  chain,
  chosen,
  routeTable,
}: Extract<Prediction, { readonly type: "noRoute" | "routed" }>): Pick<Explanation, "http3"> {
  if (chain === undefined || typeof chain.policy === "string") return {};
  const { http3: ports = [], host } = chosen.virtualHost;
  if (ports.length > 0) return { http3: { ports } };
  return { http3: { ports: [], why: whyNot(host, routeTable, chain.policy) } };
}

/** In the order of `speaksHttp3` (translate/http3.ts), which decides it. */
function whyNot(
  host: string,
  routeTable: string,
  { client, maximumVersion }: { readonly client?: unknown; readonly maximumVersion: string },
): string {
  if (host === ANY_HOST) return "it is for hosts with a name";
  if (routeTable === FALLBACK_TABLE) return "it is not for clients that name no host of ours in the handshake";
  if (client !== undefined) return "clients are asked for certificates, which is not done there";
  if (maximumVersion !== "1.3") return "it needs TLS 1.3, which the host does not allow";
  return "no listener speaks it";
}
