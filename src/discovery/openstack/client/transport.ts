import network from "pkgcloud/lib/pkgcloud/openstack/network/index.js";
import { type CloudAnswer, type CloudRequest, Requests, type RequestsOptions } from "../../pkgcloud/requests.ts";

export interface OpenStackRequest extends CloudRequest {
  /** Undefined: nobody is asked for yet who is asking. */
  readonly token?: string | undefined;
}

/** Requests by pkgcloud's client of OpenStack's APIs, with a token that is given instead of one that it asks for. */
export class Transport {
  readonly #requests: Requests;

  constructor(options: RequestsOptions) {
    this.#requests = new Requests(options);
  }

  /** 2xx and 300 are answers; everything else is thrown as `PlatformError`. */
  async send({ token, ...request }: OpenStackRequest): Promise<CloudAnswer> {
    const client = network.createClient({ authUrl: request.url, identity: given(token) });
    if (token === undefined) client.before.push(({ headers }) => void delete headers["x-auth-token"]);
    return await this.#requests.send(client, request);
  }
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
