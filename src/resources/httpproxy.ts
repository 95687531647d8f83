import { z } from "zod";
import type { Immutable } from "#lib/immutable.ts";
import { orEmpty, withoutEmpty } from "./fields.ts";
import { include, route } from "./httpproxy-route.ts";
import { tcpProxy } from "./httpproxy-tcpproxy.ts";
import { virtualHost } from "./httpproxy-virtualhost.ts";
import { objectMeta } from "./metadata.ts";
import { checkDnsSubdomain } from "./names.ts";

/**
 * HTTPProxy projectcontour.io/v1, as Contour's CRD checks it. What an API server lets pass and only makes sense of together
 * (conditions that exclude each other, references) is told by translation, so that it costs a route and not the object.
 */
export const httpProxySchema = z
  .strictObject({
    apiVersion: z.literal("projectcontour.io/v1"),
    kind: z.literal("HTTPProxy"),
    metadata: objectMeta(checkDnsSubdomain),
    spec: z
      .strictObject({
        ingressClassName: orEmpty(checkDnsSubdomain).exactOptional(),
        virtualhost: virtualHost.exactOptional(),
        includes: z.array(include).default([]),
        routes: z.array(route).default([]),
        tcpproxy: tcpProxy.exactOptional(),
      })
      .transform(withoutEmpty("ingressClassName")),
    status: z.unknown().exactOptional(),
  })
  .transform(({ apiVersion, kind, metadata, spec }) => ({ apiVersion, kind, metadata, spec }));

export type HttpProxy = Immutable<z.output<typeof httpProxySchema>>;
export type ProxyVirtualHost = NonNullable<HttpProxy["spec"]["virtualhost"]>;
export type ProxyInclude = HttpProxy["spec"]["includes"][number];
export type ProxyRoute = HttpProxy["spec"]["routes"][number];
export type ProxyCondition = ProxyRoute["conditions"][number];
export type ProxyService = ProxyRoute["services"][number];
export type ProxyHeadersPolicy = NonNullable<ProxyRoute["requestHeadersPolicy"]>;
export type ProxyTcp = NonNullable<HttpProxy["spec"]["tcpproxy"]>;
