import type { Client } from "pkgcloud/lib/pkgcloud/core/base/client.js";
import network from "pkgcloud/lib/pkgcloud/openstack/network/index.js";

/**
 * pkgcloud's client of OpenStack's APIs, with a token that is given instead of one that it asks for: its own authentication
 * takes no time limit, asks again for each call that runs beside another, and never after a 401.
 *
 * @param token undefined: nobody is asked for yet who is asking
 */
export function openStackClient(url: string, token: string | undefined): Client {
  const client = network.createClient({ authUrl: url, identity: given(token) });
  if (token === undefined) client.before.push(({ headers }) => void delete headers["x-auth-token"]);
  return client;
}

/** pkgcloud's identity, with a token that it need not ask for. */
function given(token: string | undefined): new () => object {
  return class {
    readonly token = { id: token ?? "none", expires: new Date(8.64e15) };
    on(): void {}
    authorize(done: () => void): void {
      done();
    }
    getServiceEndpointUrl(): string {
      // Every request has its whole URL.
      return "none";
    }
  };
}
