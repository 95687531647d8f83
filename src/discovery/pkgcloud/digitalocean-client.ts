import type { Client } from "pkgcloud/lib/pkgcloud/core/base/client.js";
import digitalocean from "pkgcloud/lib/pkgcloud/digitalocean/client.js";

/** pkgcloud's client of DigitalOcean's API. */
export function digitalOceanClient(token: string): Client {
  return new digitalocean.Client({ token });
}
