import { HeaderValueOption, HeaderValueOption_HeaderAppendAction } from "#proto/envoy/config/core/v3/base.ts";
import {
  DirectResponseAction,
  HeaderMatcher,
  Route,
  VirtualHost,
} from "#proto/envoy/config/route/v3/route_components.ts";
import { ANY_HOST, type IrVirtualHost } from "#translate/ir.ts";
import type { IrPolicies } from "#translate/ir-policies.ts";
import type { IrRoute } from "#translate/ir-route.ts";
import { unreachable } from "#lib/unreachable.ts";
import { forwardAction } from "./forward.ts";
import { headerChanges } from "./header-changes.ts";
import { logShareMetadata, METADATA_KEY } from "./log-share.ts";
import { perFilterConfig, switchedOff } from "./per-filter-config.ts";
import { rateLimits } from "./rate-limit.ts";
import { redirectAction } from "./redirect.ts";
import { routeMatch } from "./route-match.ts";
import { envoyRouteName } from "./traffic-key.ts";

export function envoyVirtualHost(ir: IrVirtualHost): VirtualHost {
  const wildcard = ir.host.startsWith("*.");
  const headers = wildcard ? [oneLabelBelow(ir.host)] : [];
  const beyond = wildcard ? [{ ...oneLabelBelow(ir.host), invertMatch: true }] : [];
  return {
    ...VIRTUAL_HOST,
    name: ir.name,
    domains: [ir.host],
    // For requests that no route takes.
    metadata: { filterMetadata: { [METADATA_KEY]: { host: ir.host } }, typedFilterMetadata: {} },
    routes: [
      ...ir.routes.map((route) => envoyRoute(route, ir.host, headers, undefined)),
      ...(ir.beyond ?? []).map((route) => envoyRoute(route, ANY_HOST, beyond, ir.policies)),
    ],
    typedPerFilterConfig: ir.policies === undefined ? {} : perFilterConfig(ir.policies),
    rateLimits: rateLimits(ir.policies),
    ...(ir.http3 === undefined ? {} : { responseHeadersToAdd: [alternativeService(ir.http3)] }),
  };
}

/** Tells clients where HTTP/3 is (RFC 7838, RFC 9114 §3.1.1.1); after a day without it they forget that. */
function alternativeService(ports: readonly number[]): HeaderValueOption {
  return HeaderValueOption.fromPartial({
    header: { key: "alt-svc", value: ports.map((port) => `h3=":${port}"; ma=86400`).join(", ") },
    appendAction: HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
  });
}

/** The fields that are not set, in whole messages made once: a copy by `fromPartial` costs more than the encoding. */
const VIRTUAL_HOST = VirtualHost.fromPartial({});
const ROUTE = Route.fromPartial({});

/** @param foreign the policies of a virtual host that only lends its place */
function envoyRoute(
  ir: IrRoute,
  host: string,
  headers: readonly HeaderMatcher[],
  foreign: IrPolicies | undefined,
): Route {
  return {
    ...ROUTE,
    name: envoyRouteName(host, ir.owner, ir.name),
    match: routeMatch(ir.match, headers),
    action: routeAction(ir, host),
    ...(ir.logShare === undefined ? {} : { metadata: routeMetadata(ir.logShare) }),
    ...headerChanges(ir.requestHeaders, ir.responseHeaders),
    typedPerFilterConfig: {
      ...(foreign === undefined ? {} : switchedOff(foreign)),
      ...(ir.policies === undefined ? {} : perFilterConfig(ir.policies)),
    },
  };
}

function routeMetadata(logShare: number): NonNullable<Route["metadata"]> {
  return { filterMetadata: { [METADATA_KEY]: logShareMetadata(logShare) }, typedFilterMetadata: {} };
}

function routeAction({ action, policies }: IrRoute, host: string): Route["action"] {
  switch (action.type) {
    case "forward":
      return { $case: "route", value: forwardAction(action, policies) };
    case "redirect":
      return { $case: "redirect", value: redirectAction(action, host) };
    case "respond":
      return {
        $case: "directResponse",
        value: DirectResponseAction.fromPartial({
          status: action.status,
          body: { specifier: { $case: "inlineString", value: action.body } },
        }),
      };
    default:
      return unreachable(action);
  }
}

/** Envoy's wildcard covers any number of labels, an Ingress's exactly one (Kubernetes: "Hostname wildcards"). */
function oneLabelBelow(wildcard: string): HeaderMatcher {
  const suffix = wildcard.slice(1).replaceAll(".", "\\.");
  // Names have no case (RFC 4343), and Envoy's choice of the virtual host has none either.
  const regex = `(?i)[^.]+${suffix}(:[0-9]+)?`;
  return HeaderMatcher.fromPartial({
    name: ":authority",
    headerMatchSpecifier: {
      $case: "stringMatch",
      value: { matchPattern: { $case: "safeRegex", value: { regex } }, ignoreCase: false },
    },
  });
}
