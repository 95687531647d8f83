import { hostPort } from "#lib/host-port.ts";
import type { ExplainedCompression, ExplainedEndpoint, ExplainedUpstream } from "#api/ports/explain.ts";
import { compareText } from "#lib/compare.ts";
import { type IrCompression, type IrEndpoint, LEAST_COMPRESSED_BYTES } from "#translate/ir.ts";
import type { IrForward } from "#translate/ir-route.ts";
import { answerEncoding } from "#translate/match-compression.ts";
import type { MatchWorld } from "#translate/match-world.ts";
import { identityWords, upstreamWords } from "./upstream-words.ts";

/**
 * Who gets the requests of a route, with the share of each; those of namespaces that nobody may see are left out.
 *
 * @param accepted the request's Accept-Encoding; undefined where no requests are read, or it has none
 */
export function explainedUpstreams(
  clusters: IrForward["clusters"],
  world: MatchWorld,
  sees: (namespace: string) => boolean,
  accepted?: string,
): readonly ExplainedUpstream[] {
  const sum = clusters.reduce((total, { weight }) => total + weight, 0);
  return clusters.flatMap(({ name, weight }): readonly ExplainedUpstream[] => {
    const cluster = world.clusters.get(name);
    if (cluster === undefined || !sees(cluster.upstream.namespace)) return [];
    const notes = upstreamWords(cluster);
    const { backend, namespace, service, port } = cluster.upstream;
    // A route with one cluster sends all to it, whatever its weight.
    const share = clusters.length === 1 ? 1 : sum === 0 ? 0 : weight / sum;
    const endpoints = (world.endpoints.get(name)?.endpoints ?? []).map((endpoint) => {
      const gateway = endpoint.tunnel && world.gateways.get(endpoint.tunnel.name)?.address;
      return explainedEndpoint(endpoint, gateway);
    });
    const compression = cluster.compression && explainedCompression(cluster.compression, accepted);
    return [
      {
        cluster: name,
        backend,
        namespace,
        service,
        port,
        share,
        notes,
        ...(compression === undefined ? {} : { compression }),
        endpoints: endpoints.sort(byPriority),
      },
    ];
  });
}

function explainedCompression(compression: IrCompression, accepted: string | undefined): ExplainedCompression {
  const { encodings, types } = compression;
  const chosen = answerEncoding(compression, accepted);
  return { encodings, types, least: LEAST_COMPRESSED_BYTES, ...(chosen === undefined ? {} : { chosen }) };
}

function explainedEndpoint(endpoint: IrEndpoint, gateway: string | undefined): ExplainedEndpoint {
  const { address, port, health, weight = 1, priority = 0, zone, of } = endpoint;
  return {
    address: hostPort(address, port),
    health: health === "draining" ? "draining" : "ready",
    weight,
    priority,
    ...(zone === undefined ? {} : { zone }),
    ...(of === undefined ? {} : { of: identityWords(of) }),
    ...(gateway === undefined ? {} : { gateway }),
  };
}

function byPriority(a: ExplainedEndpoint, b: ExplainedEndpoint): number {
  return a.priority - b.priority || compareText(a.address, b.address);
}
