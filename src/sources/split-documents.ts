/** A piece of a YAML text that begins at a document marker (or at the text's beginning) and ends before the next one. */
export interface DocumentText {
  readonly text: string;
  /** 1-based line of the whole text where it begins. */
  readonly line: number;
}

/**
 * Cuts a text at its `---` lines, so that a document that cannot be parsed leaves the others alone. Such a line is a marker
 * wherever it stands: YAML forbids it even inside block and quoted texts (YAML 1.2.2, production 206, c-forbidden).
 */
export function splitDocuments(text: string): readonly DocumentText[] {
  const documents: DocumentText[] = [];
  let start = 0;
  let line = 1;
  for (let marker = nextMarker(text, 1); ; marker = nextMarker(text, start + 1)) {
    const end = marker === -1 ? text.length : marker;
    const document = text.slice(start, end);
    if (!isOnlyDirectives(document)) documents.push({ text: document, line });
    if (marker === -1) return documents;
    for (let at = text.indexOf("\n", start); at !== -1 && at < end; at = text.indexOf("\n", at + 1)) line++;
    start = end;
  }
}

/** The 1-based line of a document's text where its content begins: after markers, comments and blank lines. */
export function firstContentLine(document: string): number {
  const lead = /^(?:(?:---)?[ \t]*(?:#.*)?\r?\n)*/.exec(document)?.[0] ?? "";
  if (lead.length === document.length) return 1;
  return lead.split("\n").length;
}

function nextMarker(text: string, from: number): number {
  for (let at = text.indexOf("\n---", from - 1); at !== -1; at = text.indexOf("\n---", at + 1)) {
    const after = text.charAt(at + 4);
    if (after === "" || after === "\n" || after === "\r" || after === " " || after === "\t") return at + 1;
  }
  return -1;
}

/** `%YAML 1.2` and the like stand before the marker of the document that they are about; none of them matters here. */
function isOnlyDirectives(document: string): boolean {
  return document.startsWith("%") && /^(?:[%#].*(?:\r?\n|$)|[ \t]*\r?\n)*$/.test(document);
}
