import { HttpFilter } from "#proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts";
import { type IrCompression, LEAST_COMPRESSED_BYTES } from "#translate/ir.ts";
import { packStruct, typeUrlOf } from "./any.ts";

/**
 * The filters of a cluster whose answers are compressed (Envoy: upstream HTTP filters). They stand in the cluster and not in
 * the listeners, so that those who do not ask for it pay nothing, and who begins to ask touches no listener. Envoy leaves alone what is
 * encoded already or says `no-transform` (RFC 9110 §5.2.2.6 of Cache-Control), and weakens what a strong ETag names.
 */
export function compressionFilters({ encodings, types }: IrCompression): readonly HttpFilter[] {
  return [
    ...encodings.map((encoding, index) =>
      filter(`envoy.filters.http.compressor.${encoding}`, "envoy.extensions.filters.http.compressor.v3.Compressor", {
        response_direction_config: {
          common_config: { content_type: types, min_content_length: LEAST_COMPRESSED_BYTES },
          // A part of a whole cannot be encoded by itself (RFC 9110 §14.2).
          uncompressible_response_codes: [206],
        },
        compressor_library: LIBRARIES[encoding],
        choose_first: index === 0,
      }),
    ),
    filter("envoy.filters.http.upstream_codec", "envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec", {}),
  ];
}

/** Levels that a busy appliance can bear: those of servers that compress as they answer. */
const LIBRARIES: Readonly<Record<IrCompression["encodings"][number], object>> = {
  br: library("brotli", "envoy.extensions.compression.brotli.compressor.v3.Brotli", { quality: 4 }),
  zstd: library("zstd", "envoy.extensions.compression.zstd.compressor.v3.Zstd", { compression_level: 3 }),
  gzip: library("gzip", "envoy.extensions.compression.gzip.compressor.v3.Gzip", {
    memory_level: 8,
    window_bits: 15,
    compression_level: "COMPRESSION_LEVEL_5",
  }),
};

function library(name: string, type: string, config: object): object {
  return { name, typed_config: { "@type": typeUrlOf(type), ...config } };
}

function filter(name: string, type: string, config: Record<string, unknown>): HttpFilter {
  return { ...HttpFilter.fromPartial({}), name, configType: { $case: "typedConfig", value: packStruct(type, config) } };
}
