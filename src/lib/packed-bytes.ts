declare const packed: unique symbol;

/**
 * Bytes as a string with a character for each (Latin-1), for many small ones that are kept and seldom read: an ArrayBuffer
 * costs 500 bytes beside its content and memory that the collector cannot move; a string costs 16. `length` is in bytes.
 */
export type PackedBytes = string & { readonly [packed]: never };

export function packBytes(bytes: Uint8Array): PackedBytes {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1") as PackedBytes;
}

export function unpackBytes(bytes: PackedBytes): Buffer {
  return Buffer.from(bytes, "latin1");
}
