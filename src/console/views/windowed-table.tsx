import type { ComponentChildren } from "preact";
import { useScrollView } from "./scroll-view.ts";
import type { BusyHandlers } from "./use-busy.ts";

interface WindowedTableProps<T> {
  readonly label: string;
  readonly head: ComponentChildren;
  readonly rows: readonly T[];
  /** Pixels; the stylesheet has the same figure. */
  readonly rowHeight: number;
  /** `place`: the row's `aria-rowindex`, which tells where it stands among those that are not drawn. */
  readonly render: (row: T, place: number) => ComponentChildren;
  /** Instead of rows, while there are none. */
  readonly empty: ComponentChildren;
  /** Of whoever wants to know whether the reader is in the table. */
  readonly busy?: BusyHandlers;
}

/** Rows above and below those in sight. */
const SPARE = 4;
/** Rows are counted from 1, and the head is one. */
const AFTER_HEAD = 2;

/** A table that draws only the rows in sight, with its head in place. */
export function WindowedTable<T>(props: WindowedTableProps<T>) {
  const { label, head, rows, rowHeight, render, empty, busy } = props;
  const { box, view } = useScrollView(400);

  const first = Math.max(0, Math.min(Math.floor(view.top / rowHeight) - SPARE, rows.length));
  const end = Math.min(rows.length, Math.ceil((view.top + view.height) / rowHeight) + SPARE);
  return (
    <div class="table-box" ref={box} {...busy}>
      <table aria-label={label} aria-rowcount={rows.length + 1}>
        <thead>{head}</thead>
        <tbody>
          <Gap height={first * rowHeight} />
          {rows.slice(first, end).map((row, index) => render(row, first + index + AFTER_HEAD))}
          <Gap height={(rows.length - end) * rowHeight} />
        </tbody>
      </table>
      {rows.length === 0 && empty}
    </div>
  );
}

/** One cell, however many columns there are: a wider one would make columns of its own where the stylesheet hides some. */
function Gap({ height }: { readonly height: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden="true" class="gap">
      <td style={{ height: `${height}px` }} />
    </tr>
  );
}

interface SortHeadProps<S extends string> {
  readonly column: S;
  readonly sort: Sort<S>;
  readonly onSort: (sort: Sort<S>) => void;
  /** Words begin with A, figures with the greatest. */
  readonly isText?: boolean;
  readonly title?: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export interface Sort<S extends string> {
  readonly column: S;
  readonly descending: boolean;
}

/** A column's head that sorts: the greatest first, or A, and the other way round at the second click. */
export function SortHead<S extends string>(props: SortHeadProps<S>) {
  const { column, sort, onSort, isText = false, title, class: own, children } = props;
  const isSorted = sort.column === column;
  return (
    <th
      scope="col"
      class={own}
      title={title}
      aria-sort={isSorted ? (sort.descending ? "descending" : "ascending") : "none"}
    >
      <button type="button" onClick={() => onSort({ column, descending: isSorted ? !sort.descending : !isText })}>
        {children}
        <span class="sort-mark" aria-hidden="true">
          {isSorted ? (sort.descending ? "▾" : "▴") : ""}
        </span>
      </button>
    </th>
  );
}
