import { parseDuration } from "#lib/duration.ts";
import type { ProxyVirtualHost } from "#resources/httpproxy.ts";
import type { IrCors } from "../ir-policies.ts";
import { regexProblem } from "../regular-expression.ts";

type Policy = NonNullable<ProxyVirtualHost["corsPolicy"]>;

export function cors(policy: Policy): { readonly cors: IrCors } | { readonly problem: string } {
  const origins: IrCors["origins"][number][] = [];
  for (const origin of policy.allowOrigin) {
    const type = origin === "*" ? "any" : isOrigin(origin) ? "exact" : "regex";
    const problem = type === "regex" ? regexProblem(origin) : undefined;
    if (origin === "" || problem !== undefined)
      return { problem: `${origin || "an empty text"} is no origin and no regular expression: ${problem ?? "empty"}` };
    origins.push({ type, value: origin });
  }
  const { allowMethods, allowHeaders = [], exposeHeaders = [], maxAge } = policy;
  return {
    cors: {
      origins,
      methods: allowMethods,
      headers: allowHeaders,
      expose: exposeHeaders,
      maxAge: maxAge === undefined ? undefined : Math.round((parseDuration(maxAge) ?? 0) / 1000),
      credentials: policy.allowCredentials === true,
      privateNetwork: policy.allowPrivateNetwork === true,
    },
  };
}

/** What a browser sends (RFC 6454 §6.2): scheme, host and port, which is no expression. */
function isOrigin(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9.-]+(:\d+)?$/i.test(text);
}
