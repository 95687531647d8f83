import { unreachable } from "#lib/unreachable.ts";
import type { ExtensionService } from "#resources/extension-service.ts";
import type { Resource } from "#resources/resource.ts";

/** The columns that kubectl shows for a kind beside its name and age, by heading. */
export function objectColumns(object: Resource): Readonly<Record<string, string>> {
  switch (object.kind) {
    case "Ingress": {
      const hosts = object.spec.rules.map(({ host }) => host || "*");
      return {
        CLASS: object.spec.ingressClassName ?? "<none>",
        HOSTS: list(hosts, "*"),
        PORTS: object.spec.tls.length > 0 ? "80, 443" : "80",
      };
    }
    case "Service":
      return {
        TYPE: object.spec.type,
        "EXTERNAL-NAME": object.spec.externalName ?? "<none>",
        PORTS: list(
          object.spec.ports.map(({ port, protocol, name }) => `${port}/${protocol}${name === "" ? "" : ` ${name}`}`),
        ),
      };
    case "EndpointSlice":
      return {
        ADDRESSTYPE: object.addressType,
        PORTS: list(object.ports.map(({ port }) => String(port ?? "*"))),
        ENDPOINTS: list(object.endpoints.flatMap(({ addresses }) => addresses)),
      };
    case "Endpoints":
      return { ENDPOINTS: list(object.subsets.flatMap(({ addresses }) => addresses.map(({ ip }) => ip))) };
    case "Secret":
      return { TYPE: object.type, DATA: String(Object.keys(object.data).length) };
    case "IngressClass":
      return { CONTROLLER: object.spec.controller };
    case "IngressRoute":
    case "HTTPProxy": {
      const { virtualhost } = object.spec;
      return { FQDN: virtualhost?.fqdn ?? "<included>", "TLS SECRET": virtualhost?.tls?.secretName ?? "<none>" };
    }
    case "TLSCertificateDelegation":
      return { SECRETS: list(object.spec.delegations.map(({ secretName }) => secretName)) };
    case "ExtensionService":
      return { SERVICES: list(askedServices(object)) };
    case "Namespace":
      return {};
    default:
      return unreachable(object);
  }
}

/** Weights are shown where they say how much each is asked. */
function askedServices({ spec: { services } }: ExtensionService): readonly string[] {
  const isWeighted = services.length > 1 && services.some(({ weight = 0 }) => weight > 0);
  return services.map(({ name, port, weight = 0 }) => `${name}:${port}${isWeighted ? ` weight ${weight}` : ""}`);
}

/** The first three, as kubectl shortens long lists. */
function list(values: readonly string[], none = "<none>"): string {
  if (values.length === 0) return none;
  const more = values.length > 3 ? ` + ${values.length - 3} more...` : "";
  return `${values.slice(0, 3).join(",")}${more}`;
}
