import type { ProxyRoute } from "#resources/httpproxy.ts";
import type { IrCookieRewrite } from "../ir-policies.ts";

export function cookieRewrites(
  policies: ProxyRoute["cookieRewritePolicies"],
): { readonly cookies: readonly IrCookieRewrite[] } | { readonly problem: string } {
  const cookies = new Map<string, IrCookieRewrite>();
  for (const { name, pathRewrite, domainRewrite, secure, sameSite } of policies) {
    if (cookies.has(name)) return { problem: `cookie ${name} is rewritten twice` };
    const cookie: IrCookieRewrite = {
      name,
      ...(pathRewrite === undefined ? {} : { path: pathRewrite.value }),
      ...(domainRewrite === undefined ? {} : { domain: domainRewrite.value }),
      ...(secure === undefined ? {} : { secure }),
      ...(sameSite === undefined ? {} : { sameSite }),
    };
    if (Object.keys(cookie).length === 1) return { problem: `nothing of cookie ${name} is rewritten` };
    cookies.set(name, cookie);
  }
  return { cookies: [...cookies.values()] };
}
