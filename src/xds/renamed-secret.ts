import { BinaryWriter } from "@bufbuild/protobuf/wire";

/** Tag of `name`, field 1 of envoy.extensions.transport_sockets.tls.v3.Secret, as a length-delimited field. */
const NAME_TAG = 10;

/**
 * A secret under another name: Envoy asks for a secret by the server name of a handshake and refuses one that calls itself
 * otherwise. Of a field that stands twice the last one counts (protobuf encoding), so the new name is appended.
 */
export function renamedSecret(bytes: Uint8Array, name: string): Uint8Array {
  return Buffer.concat([bytes, new BinaryWriter().uint32(NAME_TAG).string(name).finish()]);
}
