import { BinaryReader } from "@bufbuild/protobuf/wire";

/** Values of an Envoy's statistics at one time, as its OpenTelemetry sink (src/envoy/totals-sink.ts) sends them. */
export interface TotalsReport {
  /** Seconds since the epoch, by Envoy's clock. */
  readonly time: number;
  /** By full name; counters since the process began, gauges as they are. */
  readonly values: ReadonlyMap<string, number>;
}

/**
 * Reads an opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest. Only what the sink writes is looked at:
 * whole numbers in sums and gauges with one data point each; the rest is skipped. Throws when the bytes are no message.
 *
 * Read by hand because these .proto files are not among those at hand, and because a report of ten thousand values then
 * makes ten thousand strings and nothing else.
 */
export function readTotalsReport(bytes: Uint8Array): TotalsReport {
  const values = new Map<string, number>();
  const reader = new BinaryReader(bytes);
  let time = 0;
  const onMetric = (end: number): void => {
    let name = "";
    let value: number | undefined;
    const onPoint = (pointEnd: number): void => {
      eachField(reader, pointEnd, (field) => {
        if (field === POINT.value) value = Number(reader.sfixed64());
        else if (field === POINT.time && time === 0) time = Number(BigInt(reader.fixed64()) / 1_000_000_000n);
        else return false;
        return true;
      });
    };
    eachField(reader, end, (field) => {
      if (field === METRIC.name) name = reader.string();
      else if (field === METRIC.gauge || field === METRIC.sum) {
        eachMessage(reader, endOfMessage(reader), DATA_POINTS, onPoint);
      } else return false;
      return true;
    });
    if (value !== undefined) values.set(name, value);
  };
  eachMessage(reader, reader.len, RESOURCE_METRICS, (resourceEnd) => {
    eachMessage(reader, resourceEnd, SCOPE_METRICS, (scopeEnd) => eachMessage(reader, scopeEnd, METRICS, onMetric));
  });
  return { time, values };
}

/** Field numbers of opentelemetry/proto/metrics/v1/metrics.proto, on the way from the request to a value. */
const RESOURCE_METRICS = 1;
const SCOPE_METRICS = 2;
const METRICS = 2;
const METRIC = { name: 1, gauge: 5, sum: 7 } as const;
const DATA_POINTS = 1;
const POINT = { time: 3, value: 6 } as const;

/** Calls `read` for each field up to `end`; one that it does not read is skipped. */
function eachField(reader: BinaryReader, end: number, read: (field: number) => boolean): void {
  while (reader.pos < end) {
    const [field, type] = reader.tag();
    if (!read(field)) reader.skip(type);
  }
}

/** Calls `read` with the end of each message that stands in a field of this number. */
function eachMessage(reader: BinaryReader, end: number, wanted: number, read: (end: number) => void): void {
  eachField(reader, end, (field) => {
    if (field !== wanted) return false;
    read(endOfMessage(reader));
    return true;
  });
}

function endOfMessage(reader: BinaryReader): number {
  const length = reader.uint32();
  return length + reader.pos;
}
