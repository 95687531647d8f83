import { capped, HISTORY_ROWS, SUBSCRIPTION_LIMITS } from "./client-message.ts";
import { type CompiledFilter, compileFilter, type NamespaceScope } from "./filter.ts";
import type { History } from "./history.ts";
import type { InSteps } from "./in-turns.ts";
import type { Markers } from "./markers.ts";
import type { HistoryFound, HistoryQuestion, SamplingState, SnapshotMessage, SnapshotQuestion } from "./messages.ts";
import type { Pins } from "./pins.ts";
import type { Talkers } from "./request-shown.ts";
import type { RequestRing } from "./ring.ts";
import { samplingFor } from "./sampling-for.ts";
import type { Picture, PictureWishes } from "./session-sources.ts";
import { snapshotBody } from "./snapshot-body.ts";
import type { Streams } from "./streams.ts";
import { topTalkers } from "./talkers.ts";
import type { ViewSet } from "./view-set.ts";

export interface PictureSources {
  readonly views: ViewSet;
  readonly history: History;
  readonly ring: RequestRing;
  readonly streams: Streams;
  readonly markers: Markers;
  readonly pins: Pins;
  readonly sampling: () => SamplingState;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Whole pictures of what is kept, for who begins to look or asks once: each shows one moment, that of its last step. */
export class Pictures {
  readonly #sources: PictureSources;

  constructor(sources: PictureSources) {
    this.#sources = sources;
  }

  *snapshot(question: SnapshotQuestion, scope: NamespaceScope): InSteps<SnapshotMessage> {
    const { views, now } = this.#sources;
    const filter = question.filter ?? {};
    const view = views.acquire(filter, scope, capped(question.tableRows, SUBSCRIPTION_LIMITS.tableRows));
    try {
      const body = yield* snapshotBody(question, scope, compileFilter(filter, scope), view, this);
      return { type: "snapshot", sequence: 1, time: now(), dropped: { rows: 0, frames: 0 }, ...body };
    } finally {
      view.release();
    }
  }

  *history(question: HistoryQuestion, scope: NamespaceScope): InSteps<HistoryFound> {
    const { history, ring } = this.#sources;
    const filter = compileFilter(question.filter ?? {}, scope);
    const now = this.#sources.now();
    const { from = 0, to = now + 1 } = question;
    const limit = capped(question.limit, HISTORY_ROWS);
    const range = [Math.floor(from / 1000), Math.ceil(to / 1000)] as const;
    const columns = yield* history.columns(() => range, filter);
    const found = yield* ring.query((row) => filter.row(row), { from, to, limit });
    yield "turn";
    const rows = found();
    const more = rows.length > limit;
    return { requests: rows.slice(0, limit), columns: columns(), more, keptSince: ring.since ?? now };
  }

  /** The parts of a snapshot that are no table. What it returns gives them as they are when it is asked. */
  *picture(filter: CompiledFilter, { scope, recentRows, columns: width }: PictureWishes): InSteps<() => Picture> {
    const { history, ring, streams, sampling, markers, pins, now } = this.#sources;
    // An estimate, which may be a moment older than the rest.
    const talkers = this.talkers(filter);
    yield "turn";
    const range = () => {
      const second = Math.floor(now() / 1000);
      return [second - width, second] as const;
    };
    const columns = yield* history.columns(range, filter);
    const everything = { from: 0, to: Number.POSITIVE_INFINITY, limit: recentRows };
    const found = yield* ring.query((row) => filter.row(row), everything);
    return () => ({
      columns: columns(),
      requests: found().slice(0, recentRows).toReversed(),
      talkers,
      streams: streams.rows(filter),
      sampling: samplingFor(sampling(), scope),
      markers: markers.seenBy(scope),
      pins: pins.seenBy(scope),
    });
  }

  talkers(filter: CompiledFilter): Talkers {
    return topTalkers(this.#sources.ring.newest(), (row) => filter.row(row), this.#sources.now());
  }
}
