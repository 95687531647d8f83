/** What is used of pkgcloud, which has no types of its own for it. */
declare module "pkgcloud/lib/pkgcloud/openstack/network/index.js" {
  import type { IncomingHttpHeaders } from "node:http";

  /** What it does to a request before it is sent; the options are those of the package request. */
  type Before = (request: Record<string, unknown> & { headers: Record<string, string> }) => void;

  interface Client {
    readonly before: Before[];
    /** A request that can be aborted; the callback is then not called. */
    _request(
      options: { readonly method: string; readonly uri: string; readonly body?: unknown },
      callback: (
        error: unknown,
        body?: unknown,
        response?: { readonly statusCode: number; readonly headers: IncomingHttpHeaders },
      ) => void,
    ): { abort(): void };
  }

  interface Options {
    readonly authUrl: string;
    /** What gives it its token: we do, in the form in which it expects its own. */
    readonly identity: new () => object;
  }

  const network: { createClient(options: Options): Client };
  export default network;
}
