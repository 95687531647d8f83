import type { IncomingHttpHeaders } from "node:http";
import type { OwnHosts } from "./own-hosts.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Why a request looks like the work of a foreign page in the user's browser, or undefined. Two signs that a page cannot
 * forge: Origin, and Sec-Fetch-Site (Fetch Metadata, W3C), by which only navigation may come from another site. A page
 * on another port of this machine counts as foreign too, though cookies do not tell ports apart.
 *
 * `withCookie`: the request signs in by the browser's cookie, so a change needs proof of its page. A program that sends
 * the token itself has no page.
 */
export function foreignPage(
  method: string,
  headers: IncomingHttpHeaders,
  hosts: OwnHosts,
  withCookie: boolean,
): string | undefined {
  const { origin } = headers;
  const site = headers["sec-fetch-site"];
  const isSafe = SAFE_METHODS.has(method);
  if (site === "cross-site" || site === "same-site") {
    const navigates = headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
    if (!isSafe || !navigates) return `it was made by a page of another site (Sec-Fetch-Site: ${site})`;
  }
  if (isSafe) return undefined;
  if (origin !== undefined) {
    return hosts.isOwnOrigin(origin) ? undefined : "its Origin is not this console";
  }
  if (withCookie && site !== "same-origin") return "it has a session cookie but no Origin";
  return undefined;
}
