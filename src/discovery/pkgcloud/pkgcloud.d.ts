/** What is used of pkgcloud, which has no types of its own for it. */
declare module "pkgcloud/lib/pkgcloud/core/base/client.js" {
  import type { IncomingHttpHeaders } from "node:http";

  /** What it does to a request before it is sent; the options are those of the package request. */
  export type Before = (request: Record<string, unknown> & { headers: Record<string, string> }) => void;

  /** What every provider's client is. */
  export class Client {
    readonly before: Before[];
    /** A request that can be aborted; the callback is then not called. Undefined for one that could not be made: the callback was called. */
    _request(
      options: { readonly method: string; readonly uri: string; readonly body?: unknown },
      callback: (
        error: unknown,
        body?: unknown,
        response?: { readonly statusCode: number; readonly headers: IncomingHttpHeaders },
      ) => void,
    ): { abort(): void } | undefined;
  }
}

declare module "pkgcloud/lib/pkgcloud/openstack/network/index.js" {
  import type { Client } from "pkgcloud/lib/pkgcloud/core/base/client.js";

  interface Options {
    readonly authUrl: string;
    /** What gives it its token: we do, in the form in which it expects its own. */
    readonly identity: new () => object;
  }

  const network: { createClient(options: Options): Client };
  export default network;
}

declare module "pkgcloud/lib/pkgcloud/digitalocean/client.js" {
  import type { Client as Base } from "pkgcloud/lib/pkgcloud/core/base/client.js";

  const digitalocean: { readonly Client: new (options: { readonly token: string }) => Base };
  export default digitalocean;
}
