import { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from "#proto/envoy/service/discovery/v3/discovery.ts";
import { TYPE_URLS, XDS_TYPES, type XdsType } from "#xds/resource.ts";
import type { Snapshot } from "#xds/snapshot.ts";
import { AdsStream } from "#xds/stream.ts";

/** A client in this process that subscribes as Envoy does, takes everything and counts the bytes that would be sent. */
export class InProcessClient {
  bytes = 0;
  readonly #stream: AdsStream;
  readonly #answers: (() => void)[] = [];

  constructor(snapshot: Snapshot) {
    this.#stream = new AdsStream({
      snapshot,
      send: (response) => {
        this.bytes += DeltaDiscoveryResponse.encode(response).finish().length;
        this.#answers.push(() => this.#answer(response));
        return true;
      },
      now: () => performance.now(),
      setTimer: () => ({ cancel: () => {} }),
    });
    for (const type of XDS_TYPES)
      this.#request(type, { resourceNamesSubscribe: type === "routeTable" ? [...snapshot.names(type)] : [] });
    this.settle();
  }

  /** Answers until nothing more comes. */
  settle(): void {
    for (let answer = this.#answers.shift(); answer !== undefined; answer = this.#answers.shift()) answer();
  }

  #answer({ typeUrl, nonce }: DeltaDiscoveryResponse): void {
    const type = XDS_TYPES.find((candidate) => TYPE_URLS[candidate] === typeUrl)!;
    this.#request(type, { responseNonce: nonce });
  }

  #request(type: XdsType, fields: Partial<DeltaDiscoveryRequest>): void {
    this.#stream.request(DeltaDiscoveryRequest.fromPartial({ typeUrl: TYPE_URLS[type], ...fields }));
  }
}
