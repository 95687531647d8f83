import { openStackClient } from "../../pkgcloud/openstack-client.ts";
import { type CloudAnswer, type CloudRequest, Requests, type RequestsOptions } from "../../pkgcloud/requests.ts";

export interface OpenStackRequest extends CloudRequest {
  /** Undefined: nobody is asked for yet who is asking. */
  readonly token?: string | undefined;
}

/** Requests to OpenStack's APIs. */
export class Transport {
  readonly #requests: Requests;

  constructor(options: RequestsOptions) {
    this.#requests = new Requests(options);
  }

  /** 2xx and 300 are answers; everything else is thrown as `PlatformError`. */
  async send({ token, ...request }: OpenStackRequest): Promise<CloudAnswer> {
    return await this.#requests.send(openStackClient(request.url, token), request);
  }
}
