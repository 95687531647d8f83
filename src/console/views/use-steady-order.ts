import { useRef } from "preact/hooks";
import { movesNow, type RowOrder, steadyOrder } from "../state/steady-order.ts";
import { type BusyHandlers, useBusy } from "./use-busy.ts";

/**
 * Rows in an order that a reader can follow: they change places every two seconds at most, where one clearly overtakes another, and
 * not at all while the reader's mouse or focus is among them.
 *
 * @param now milliseconds since the epoch, of the rows
 * @param sort what the reader sorts by: another value sorts anew
 * @returns the rows, and what the element around them has to be given
 */
export function useSteadyOrder<T extends { readonly key: string }>(
  rows: readonly T[],
  now: number,
  order: RowOrder<T>,
  sort?: unknown,
): { readonly rows: readonly T[]; readonly handlers: BusyHandlers } {
  const { isBusy, handlers } = useBusy();
  const before = useRef({ keys: [] as readonly string[], at: 0, sort });
  const moves = movesNow({
    isResorted: before.current.sort !== sort,
    isBusy: isBusy(),
    since: now - before.current.at,
  });
  const ordered = steadyOrder(rows, before.current.keys, order, moves);
  before.current = {
    keys: ordered.map(({ key }) => key),
    at: moves === "stay" ? before.current.at : now,
    sort,
  };
  return { rows: ordered, handlers };
}
