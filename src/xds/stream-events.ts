import type { XdsType } from "./resource.ts";

/** What a stream says about itself, for metrics and the live view. */
export interface StreamEvents {
  pushed?(push: {
    readonly type: XdsType;
    readonly resources: number;
    readonly removed: number;
    readonly bytes: number;
  }): void;
  /** `millis` from the push to its acknowledgement. */
  acknowledged?(ack: { readonly type: XdsType; readonly millis: number }): void;
  refused?(nack: {
    readonly type: XdsType;
    readonly millis: number;
    readonly names: readonly string[];
    readonly message: string;
  }): void;
}
