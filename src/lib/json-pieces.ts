/** Elements of a list in one piece. */
const MOST = 50;

/** An object as JSON.stringify writes it, in pieces: its long lists are written a part at a time. */
export function* jsonPieces(value: object): Generator<string, void, void> {
  let before = "{";
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    yield `${before}${JSON.stringify(key)}:`;
    before = ",";
    if (Array.isArray(member)) yield* listPieces(member);
    else yield JSON.stringify(member);
  }
  yield before === "{" ? "{}" : "}";
}

function* listPieces(list: readonly unknown[]): Generator<string, void, void> {
  if (list.length <= MOST) return yield JSON.stringify(list);
  let before = "[";
  for (let at = 0; at < list.length; at += MOST) {
    yield before + JSON.stringify(list.slice(at, at + MOST)).slice(1, -1);
    before = ",";
  }
  yield "]";
}
