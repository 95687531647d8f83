import type { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { Any } from "#proto/google/protobuf/any.ts";
import { TypedStruct } from "#proto/xds/type/v3/typed_struct.ts";

export interface MessageCodec<T> {
  encode(message: T): BinaryWriter;
}

export const typeUrlOf = (message: string): string => `type.googleapis.com/${message}`;

/** A message inside an Any. `name` is the message's full name, e.g. `envoy.config.route.v3.Route`. */
export function packAny<T>(name: string, codec: MessageCodec<T>, message: T): Any {
  return { typeUrl: typeUrlOf(name), value: codec.encode(message).finish() };
}

/** A message without fields inside an Any: extensions that need no configuration. */
export function packEmpty(name: string): Any {
  return { typeUrl: typeUrlOf(name), value: new Uint8Array() };
}

/**
 * A message as proto3 JSON inside an Any (xds.type.v3.TypedStruct): for messages or fields that are newer than the .proto
 * files at hand; Envoy converts it by its own.
 */
export function packStruct(name: string, value: Record<string, unknown>): Any {
  const typedStruct: TypedStruct = { typeUrl: typeUrlOf(name), value };
  return packAny("xds.type.v3.TypedStruct", TypedStruct, typedStruct);
}
