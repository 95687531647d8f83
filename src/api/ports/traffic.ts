import type {
  HistoryFound,
  HistoryQuestion,
  Marker,
  Pin,
  PinTarget,
  SamplingState,
  ServerMessage,
  SnapshotMessage,
  SnapshotQuestion,
} from "#traffic/messages.ts";
import type { NamespaceScope } from "../auth/principal.ts";

/** The live traffic, as the API needs it: one session for each socket, and single questions for HTTP. */
export interface TrafficView {
  /** Begins a session: nothing is sent before its client asks. */
  open(client: TrafficClient): TrafficSession;
  /** What a subscription would be answered with, once. */
  snapshot(question: SnapshotQuestion, scope: NamespaceScope): Promise<SnapshotMessage>;
  history(question: HistoryQuestion, scope: NamespaceScope): Promise<HistoryFound>;
  /** What is everybody's is left out for a scope of some namespaces. */
  sampling(scope: NamespaceScope): SamplingState;
  /** Of what the scope may see; oldest first. */
  markers(scope: NamespaceScope): readonly Marker[];
  pins(scope: NamespaceScope): readonly Pin[];
  /** Milliseconds are counted from now; the server caps them. */
  pin(target: PinTarget, seconds: number, scope: NamespaceScope): Pin;
  /** False: there is none, or it is not theirs. */
  unpin(id: string, scope: NamespaceScope): boolean;
}

export interface TrafficClient {
  readonly name: string;
  readonly scope: NamespaceScope;
  /** Where they may pin. */
  readonly operates: NamespaceScope;
  /** `text`: the message as JSON, where it was too long to be written at once. */
  send(message: ServerMessage, text?: string): void;
  /**
   * Whether it takes a frame now. While it does not, a session keeps what changed and drops the oldest rows, counted, so
   * that the next frame makes the picture right again and a slow reader costs no memory.
   */
  isReady(): boolean;
}

export interface TrafficSession {
  /** A message of the client, as it came: text that may be anything. */
  receive(text: string): void;
  close(): void;
}
