import type { Marker } from "#traffic/messages.ts";
import type { Column } from "#traffic/table-rows.ts";
import type { Place } from "../state/address.ts";
import type { TrafficPicture } from "../feed/traffic-model.ts";

/** What the charts draw: whole seconds only, since one that still fills would look like a drop. */
export interface ChartWindow {
  readonly columns: readonly Column[];
  readonly markers: readonly Marker[];
  /** Seconds since the epoch. */
  readonly from: number;
  readonly to: number;
  /** The moment whose requests are shown, in seconds too. */
  readonly at: number | undefined;
}

export function chartWindow(picture: TrafficPicture | undefined, { minutes, at: moment }: Place): ChartWindow {
  const at = moment === undefined ? undefined : moment / 1000;
  if (picture === undefined) return { columns: [], markers: [], from: 0, to: minutes * 60, at };
  const to = Math.floor(picture.time / 1000) - 1;
  const from = to - minutes * 60;
  const inside = ({ time }: { readonly time: number }): boolean => time >= from * 1000 && time <= to * 1000;
  const columns = whole(picture.columns.filter(inside), to);
  return { columns, markers: picture.markers.filter(inside), from, to, at };
}

/** Seconds that a column may be late: until then one that is not there is not known, and is not drawn as nothing. */
const LATE = 10;

/** Every second from the first known one on: in one that the feed left out there was nothing, and no line goes over it. */
function whole(columns: readonly Column[], to: number): readonly Column[] {
  const [first, last] = [columns[0], columns.at(-1)];
  if (first === undefined || last === undefined) return columns;
  const end = Math.max(last.time / 1000, to - LATE);
  const known = new Map(columns.map((column) => [column.time, column]));
  return Array.from({ length: end - first.time / 1000 + 1 }, (_, index) => {
    const time = first.time + index * 1000;
    return known.get(time) ?? { time, requests: 0, errors: 0, classes: {}, latency: [] };
  });
}

/** The column of a second (since the epoch), or undefined. */
export function columnAt({ columns }: ChartWindow, seconds: number | undefined): Column | undefined {
  return seconds === undefined ? undefined : columns.find(({ time }) => time === seconds * 1000);
}

/** Markers within `seconds` of a moment: what the pointer means. */
export function markersNear({ markers }: ChartWindow, at: number | undefined, seconds: number): readonly Marker[] {
  return at === undefined ? [] : markers.filter(({ time }) => Math.abs(time / 1000 - at) <= seconds);
}
