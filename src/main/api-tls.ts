import type { ApiOptions } from "#api/api.ts";
import { LOCAL_NAMES } from "#api/guard/own-hosts.ts";
import { OwnAuthority } from "#api/tls/own-authority.ts";
import type { Config } from "#config/config.ts";
import type { Logger } from "#lib/log.ts";

/** How the API speaks TLS: with the certificate that the configuration names, else, beside plain HTTP, with one of its own. */
export async function apiTls(
  { api }: Config,
  stateDirectory: string,
  log: Logger,
): Promise<Pick<ApiOptions, "tls" | "ownAuthority">> {
  const { tls, allowedHosts } = api;
  if (tls !== undefined) return { tls: { certificate: tls.certificateFile, key: tls.keyFile } };
  const names = [...LOCAL_NAMES, ...allowedHosts].map((name) => name.replace(/^\[(.*)\]$/, "$1"));
  return { ownAuthority: await OwnAuthority.open({ stateDirectory, names, log, now: Date.now }) };
}
