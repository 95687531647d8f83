import {
  type sendUnaryData,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
  ResponderBuilder,
  type ServerUnaryCall,
  type ServiceDefinition,
  status,
} from "@grpc/grpc-js";
import { errorMessage } from "#lib/error-message.ts";
import type { EnvoyReport, TotalsDiffer } from "./totals-differ.ts";
import { readTotalsReport } from "./totals-report.ts";

/** The header in which an Envoy says its node id, percent-encoded: a report itself does not hold it. See src/envoy/totals-sink.ts. */
const NODE_HEADER = "binnacle-node";
const EXPORT = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/** opentelemetry.proto.collector.metrics.v1.MetricsService: how Envoys on other machines tell their counters. */
export const TOTALS_SERVICE = {
  export: {
    path: EXPORT,
    requestStream: false,
    responseStream: false,
    requestSerialize: () => Buffer.alloc(0),
    // Read by the handler, which can say what is wrong with it.
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: () => Buffer.alloc(0),
    responseDeserialize: () => ({}),
  },
} as const satisfies ServiceDefinition;

export type TotalsCall = ServerUnaryCall<Buffer, unknown>;

export interface ReportEvents {
  nameOf(node: string): string;
  onReport(report: EnvoyReport, peer: string): void;
}

/** Each report is the whole of what an Envoy counted since it began, so one that is lost costs nothing but time. */
export function receiveTotals(differ: TotalsDiffer, events: ReportEvents) {
  return (call: TotalsCall, answer: sendUnaryData<unknown>): void => {
    const [node] = call.metadata.get(NODE_HEADER);
    if (typeof node !== "string" || node === "") {
      answer({ code: status.INVALID_ARGUMENT, details: `no_${NODE_HEADER}_header` });
      return;
    }
    try {
      const envoy = events.nameOf(decodeURIComponent(node));
      events.onReport(differ.take(envoy, readTotalsReport(call.request)), call.getPeer());
      answer(null, {});
    } catch (error) {
      answer({ code: status.INVALID_ARGUMENT, details: errorMessage(error) });
    }
  };
}

/**
 * Reports of one address that are read at once; a further one is refused before any of it is read, because each may be as
 * large as a message may be. An Envoy sends one in several seconds.
 */
export function limitReports(mostOfOneAddress: number): ServerInterceptor {
  const underWay = new Map<string, number>();
  return (method, call) => {
    if (method.path !== EXPORT) return new ServerInterceptingCall(call);
    const address = addressOf(call.getPeer());
    let isCounted = false;
    const end = (): void => {
      if (!isCounted) return;
      isCounted = false;
      const left = (underWay.get(address) ?? 1) - 1;
      if (left === 0) underWay.delete(address);
      else underWay.set(address, left);
    };
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const count = (underWay.get(address) ?? 0) + 1;
        if (count > mostOfOneAddress) {
          call.sendStatus({ code: status.RESOURCE_EXHAUSTED, details: "too_many_reports_at_once" });
          return;
        }
        underWay.set(address, count);
        isCounted = true;
        next(metadata);
      })
      .withOnCancel(end)
      .build();
    const responder = new ResponderBuilder()
      .withStart((next) => next(listener))
      .withSendStatus((answer, next) => {
        end();
        next(answer);
      })
      .build();
    return new ServerInterceptingCall(call, responder);
  };
}

/** `10.0.0.1:4321` → `10.0.0.1`, `[2001:db8::1]:4321` → `2001:db8::1`. */
export function addressOf(peer: string): string {
  const colon = peer.lastIndexOf(":");
  return (colon === -1 ? peer : peer.slice(0, colon)).replace(/^\[(.*)\]$/, "$1");
}
