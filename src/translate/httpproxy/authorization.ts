import type { ProxyRoute, ProxyVirtualHost } from "#resources/httpproxy.ts";
import { extensionCluster } from "../extension.ts";
import type { IrAuthorization, IrNameMatch } from "../ir-policies.ts";
import type { Reader, UnitId } from "../unit.ts";
import { bounded } from "./bounded.ts";
import { timeLimit } from "./times.ts";

type Authorization = NonNullable<ProxyVirtualHost["authorization"]>;

/** The authorisation of a host. */
export interface HostAuthorization {
  readonly policy: IrAuthorization;
  /** For every route that says nothing of its own. */
  readonly byDefault: boolean;
}

export type ReadAuthorization =
  | { readonly authorization: HostAuthorization; readonly unit: UnitId; readonly ignored: readonly string[] }
  | {
      readonly reason: "ExtensionServiceNotFound" | "AuthBadResourceVersion" | "AuthContextForHTTP";
      readonly field: string;
      readonly problem: string;
      readonly fix: string;
    };

const EXTENSION_VERSION = "projectcontour.io/v1alpha1";

/** How long the service may take where neither the host nor it says anything, in milliseconds. */
const STANDARD_TIMEOUT = 2_000;
/** `infinity`: Envoy takes no time limit for none. */
const NO_TIMEOUT = 3_600_000;

/** Whom a host asks whether requests may pass. Where that is wrong the caller has to let nobody. */
export function hostAuthorization(policy: Authorization, own: string, read: Reader): ReadAuthorization {
  const { apiVersion = EXTENSION_VERSION, namespace = own, name = "" } = policy.extensionRef ?? {};
  if (apiVersion !== EXTENSION_VERSION) {
    const problem = `${apiVersion} is no version of an ExtensionService`;
    return {
      reason: "AuthBadResourceVersion",
      field: "extensionRef.apiVersion",
      problem,
      fix: `write ${EXTENSION_VERSION}`,
    };
  }
  const context = policy.authPolicy?.context ?? {};
  const isHttp = policy.serviceType === "http";
  if (isHttp && Object.keys(context).length > 0) {
    const problem = "a service that is asked by HTTP is told no context";
    return {
      reason: "AuthContextForHTTP",
      field: "authPolicy.context",
      problem,
      fix: "remove it, or use serviceType: grpc",
    };
  }
  const extension = extensionCluster(namespace, name, read);
  if ("problem" in extension) {
    const fix = `see that ExtensionService ${namespace}/${name || "(none is named)"} and its Service stand`;
    // Contour, too: such a host is not valid, whatever it says of a service that does not answer.
    const open = policy.failOpen === true ? ", and failOpen is for one that does not answer" : "";
    return { reason: "ExtensionServiceNotFound", field: "extensionRef", problem: `${extension.problem}${open}`, fix };
  }
  const limit = timeLimit(policy.responseTimeout) ?? timeLimit(extension.object.spec.timeoutPolicy?.response);
  const { withRequestBody: body, httpSettings } = policy;
  return {
    authorization: {
      byDefault: policy.authPolicy?.disabled !== true,
      policy: {
        cluster: extension.cluster,
        authority: extension.authority,
        service: isHttp
          ? {
              protocol: "http",
              pathPrefix: httpSettings?.pathPrefix ?? "",
              upstreamHeaders: (httpSettings?.allowedUpstreamHeaders ?? []).map(nameMatch),
            }
          : { protocol: "grpc" },
        timeout: limit === 0 ? NO_TIMEOUT : (limit ?? STANDARD_TIMEOUT),
        failOpen: policy.failOpen === true,
        body:
          body === undefined
            ? undefined
            : {
                mostBytes: bounded(body.maxRequestBytes),
                allowPartial: body.allowPartialMessage === true,
                asBytes: body.packAsBytes === true,
              },
        context,
      },
    },
    unit: extension.unit,
    // Envoy takes such a list for all hosts of a listener together, and not from a host.
    ignored:
      httpSettings === undefined || httpSettings.allowedAuthorizationHeaders.length === 0
        ? []
        : ["allowedAuthorizationHeaders is passed over: the service gets every header"],
  };
}

/** What a route says of the host's authorisation; its context is added to the host's. Undefined: nothing. */
export function routeAuthorization(
  { authPolicy }: ProxyRoute,
  host: HostAuthorization | undefined,
): IrAuthorization | "off" | undefined {
  if (authPolicy === undefined || host === undefined) return undefined;
  const { policy, byDefault } = host;
  if (authPolicy.disabled === true) return byDefault ? "off" : undefined;
  const { context = {} } = authPolicy;
  if (byDefault && Object.keys(context).length === 0) return undefined;
  return { ...policy, context: { ...policy.context, ...context } };
}

type AllowedHeader = NonNullable<Authorization["httpSettings"]>["allowedUpstreamHeaders"][number];

function nameMatch({ exact, prefix, suffix, contains, ignoreCase = false }: AllowedHeader): IrNameMatch {
  if (exact !== undefined) return { type: "exact", value: exact, ignoreCase };
  if (prefix !== undefined) return { type: "prefix", value: prefix, ignoreCase };
  if (suffix !== undefined) return { type: "suffix", value: suffix, ignoreCase };
  return { type: "contains", value: contains ?? "", ignoreCase };
}
