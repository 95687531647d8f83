import type { CompiledFilter, NamespaceScope } from "./filter.ts";
import type { InSteps } from "./in-turns.ts";
import type { HistoryFound, HistoryQuestion, Pin, PinTarget, ServerMessage, SnapshotMessage } from "./messages.ts";
import type { Talkers } from "./request-shown.ts";
import type { StreamTotals } from "./table-rows.ts";
import type { ViewSet } from "./view-set.ts";

/** Who looks at the live traffic. */
export interface TrafficClient {
  readonly name: string;
  /** Nothing outside of it is ever sent. */
  readonly scope: NamespaceScope;
  /** Where they may pin. */
  readonly operates: NamespaceScope;
  /** `text`: the message as JSON, where it was too long to be written at once. */
  send(message: ServerMessage, text?: string): void;
  /** Whether a frame would go out now, or only wait in a buffer. */
  isReady(): boolean;
}

/** What a session asks of the room. */
export interface SessionSources {
  readonly views: ViewSet;
  /** The snapshot's parts that are no table, as they are when what comes of it is asked. */
  picture(filter: CompiledFilter, wishes: PictureWishes): InSteps<() => Picture>;
  history(question: HistoryQuestion, scope: NamespaceScope): InSteps<HistoryFound>;
  /** Has it done, some milliseconds in each turn of the event loop. */
  inTurns(work: InSteps<void>): void;
  talkers(filter: CompiledFilter): Talkers;
  streams(filter: CompiledFilter): readonly StreamTotals[];
  pins(scope: NamespaceScope): readonly Pin[];
  pin(target: PinTarget, seconds: number | undefined, scope: NamespaceScope): Pin;
  unpin(id: string, scope: NamespaceScope): boolean;
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface PictureWishes {
  readonly scope: NamespaceScope;
  readonly recentRows: number;
  /** Seconds. */
  readonly columns: number;
}

export type Picture = Pick<
  SnapshotMessage,
  "columns" | "requests" | "talkers" | "streams" | "sampling" | "markers" | "pins"
>;
