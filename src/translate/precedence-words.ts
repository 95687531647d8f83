import { compareConditions } from "./condition-order.ts";
import type { IrPathMatch, IrRoute } from "./ir-route.ts";

/** Why the first of two routes that match goes before the other: the rule of precedence.ts that told them apart. */
export function precedenceWords({ match: won }: IrRoute, { match: lost }: IrRoute): string {
  if (KINDS[won.path.type] !== KINDS[lost.path.type]) {
    return `${KINDS[won.path.type]} goes before ${KINDS[lost.path.type]}`;
  }
  if (won.path.value.length !== lost.path.value.length) {
    return `the longer path ${won.path.value} goes before ${lost.path.value}`;
  }
  if (won.path.type !== lost.path.type) return "a prefix of whole path elements goes before one that is a text";
  const [mine, theirs] = [won.headers ?? [], lost.headers ?? []];
  const asks = (headers: typeof mine): boolean => headers.some(({ name, not }) => name === ":method" && not !== true);
  if (won.path.value === lost.path.value) {
    if (asks(mine) !== asks(theirs)) return "a route that asks for the method goes before one that does not";
    if (mine.length !== theirs.length)
      return `more conditions on headers go before fewer (${mine.length}, ${theirs.length})`;
    const [ours, others] = [won.query?.length ?? 0, lost.query?.length ?? 0];
    if (ours !== others) return `more conditions on query parameters go before fewer (${ours}, ${others})`;
    if (compareConditions(won, lost) !== 0) return "of as many conditions the narrower goes before the wider";
  }
  return "nothing but the order of their names tells the two apart";
}

const KINDS: Readonly<Record<IrPathMatch["type"], string>> = {
  exact: "an exact path",
  regex: "a regular expression",
  prefix: "a prefix",
  textPrefix: "a prefix",
};
