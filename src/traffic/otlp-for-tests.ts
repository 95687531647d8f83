import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** A report as Envoy's OpenTelemetry sink writes it. `time` in seconds since the epoch. */
export function otlpForTests(time: number, values: Readonly<Record<string, number>>): Buffer {
  const metrics = Object.entries(values).map(([name, value]) => {
    const point = new BinaryWriter()
      .tag(2, WireType.Bit64)
      .fixed64(0n)
      .tag(3, WireType.Bit64)
      .fixed64(BigInt(time) * 1_000_000_000n)
      .tag(6, WireType.Bit64)
      .sfixed64(BigInt(value));
    const isGauge = name.startsWith("server.") || name.includes(".membership_");
    const sum = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(point.finish());
    return new BinaryWriter()
      .tag(1, WireType.LengthDelimited)
      .string(name)
      .tag(isGauge ? 5 : 7, WireType.LengthDelimited)
      .bytes((isGauge ? sum : sum.tag(2, WireType.Varint).int32(2).tag(3, WireType.Varint).bool(true)).finish())
      .finish();
  });
  const scope = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(new Uint8Array([10, 1, 65]));
  for (const metric of metrics) scope.tag(2, WireType.LengthDelimited).bytes(metric);
  const resource = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .bytes(new Uint8Array())
    .tag(2, WireType.LengthDelimited)
    .bytes(scope.finish());
  return Buffer.from(new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(resource.finish()).finish());
}
