import { formatPath } from "#lib/field-path.ts";
import { readServiceAnnotations } from "#resources/annotations.ts";
import type { ExtensionService } from "#resources/extension-service.ts";
import { findPort } from "./backend.ts";
import { differingPolicies } from "./differing-policies.ts";
import { extensionLimits, extensionProtocol } from "./extension.ts";
import type { ExtensionProblem } from "./extension-problem.ts";
import { extensionServices } from "./extension-services.ts";
import type { Reader } from "./unit.ts";
import { protocolWords, saidProtocol, upstreamProtocol } from "./upstream-protocol.ts";

/**
 * What the Services of an ExtensionService say of themselves and do not get: all of them are one cluster in Envoy, which is spoken to
 * as the ExtensionService says, and has the settings of the first that is asked.
 */
export function extensionDifferences(object: ExtensionService, read: Reader): readonly ExtensionProblem[] {
  const { metadata, spec } = object;
  const asked = extensionServices(object, read).shares.flatMap(({ upstream: { service: name, port } }) => {
    const service = read.get("Service", metadata.namespace, name)?.object;
    const index = spec.services.findIndex((entry) => entry.name === name && entry.port === port);
    return service === undefined ? [] : [{ service, name, port, path: formatPath(["spec", "services", index]) }];
  });
  const [first, ...others] = asked;
  if (first === undefined) return [];
  const warning = { severity: "warning", type: "ServiceError" } as const;
  const protocols = asked.flatMap(({ service, name, port, path }): ExtensionProblem[] => {
    const declared = findPort(service, port, "tcp");
    const said = saidProtocol(service, port, declared);
    const speaks = upstreamProtocol(extensionProtocol(object), service, port, declared);
    // Over TLS a port may speak both: they agree on one in the handshake (ALPN).
    if (said === undefined || (said.tls && speaks.tls) || (said.tls === speaks.tls && said.http2 === speaks.http2))
      return [];
    const message = `Service ${metadata.namespace}/${name} says that its port ${port} speaks ${protocolWords(said)}, and it is asked by ${protocolWords(speaks)}, as spec.protocol says`;
    const fix = "correct spec.protocol (h2 unless it is given), or what the Service says";
    return [{ ...warning, reason: "ServiceProtocolDiffers", path, message, fix }];
  });
  const wishes = readServiceAnnotations(first.service.metadata.annotations).value;
  const policies = others.flatMap(({ service, name, path }): ExtensionProblem[] => {
    const own = readServiceAnnotations(service.metadata.annotations).value;
    const said = { healthCheck: false, circuitBreaker: extensionLimits(object) };
    const differing = differingPolicies(wishes, own, said);
    if (differing.length === 0) return [];
    const message = `Service ${metadata.namespace}/${name} says something else of ${differing.join(" and ")} than ${first.name}, whose settings are for all of them`;
    const fix = `give both the same, or take them from ${name}`;
    return [{ ...warning, reason: "ServicePolicyDiffers", path, message, fix }];
  });
  return [...protocols, ...policies];
}
