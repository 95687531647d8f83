import { join } from "node:path";
import type { Config } from "#config/config.ts";
import { DnsClient } from "#dns/dns-client.ts";
import { resolveHost } from "#dns/resolve-host.ts";
import { parseServerAddress } from "#dns/server-address.ts";
import type { Logger } from "#lib/log.ts";
import type { ControlPlane } from "../control-plane.ts";
import { LastAnswers } from "./last-answers.ts";
import { WantedNames } from "./wanted-names.ts";

/** Follows the names that objects have for endpoints, as the configuration says. */
export function followNames(
  { upstreams: { dns } }: Config,
  controlPlane: ControlPlane,
  stateDirectory: string,
  logger: Logger,
  parts: AsyncDisposableStack,
): WantedNames {
  const { minimumTtl, maximumTtl, timeout } = dns;
  const servers = dns.servers.flatMap((text) => parseServerAddress(text) ?? []);
  const log = logger.room("names");
  const client = new DnsClient({ timeout, ...(servers.length === 0 ? {} : { servers }) });
  return parts.use(
    new WantedNames({
      controlPlane,
      resolve: (host, signal) => resolveHost(client, host, signal),
      times: { minimumTtl, maximumTtl, retry: { least: 1000, most: 30_000 } },
      last: new LastAnswers(join(stateDirectory, "names.json"), Date.now, log),
      log,
    }),
  );
}
