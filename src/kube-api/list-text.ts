/** Characters that are put together before they are handed out: many small writes cost more than few large ones. */
const PIECE = 65_536;

/**
 * The JSON of a document with a long list in it, piece by piece, so that nobody has to hold the whole: `document` is all
 * but the list, which stands last under `field`. An item is made when its piece is asked for.
 */
export function* listText(document: object, field: string, items: Iterable<object>): Generator<string> {
  // Ends in `[]}`: the items come between these brackets.
  let piece = JSON.stringify({ ...document, [field]: [] }).slice(0, -2);
  let separator = "";
  for (const item of items) {
    piece += separator + JSON.stringify(item);
    separator = ",";
    if (piece.length < PIECE) continue;
    yield piece;
    piece = "";
  }
  yield `${piece}]}`;
}
