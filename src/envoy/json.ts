/** Proto3's JSON mapping, as Envoy reads it from a file; `snake_case` names as in Envoy's documentation. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** The `@type` of a message that stands in an Any. */
export function anyType(message: string): string {
  return `type.googleapis.com/${message}`;
}

/** A protobuf Duration. */
export function seconds(value: number): string {
  return `${value}s`;
}
