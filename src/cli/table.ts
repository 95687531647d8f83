/** A column's heading; numbers stand right, and `least` keeps their column from moving as they grow and shrink. */
export type Heading = string | { readonly name: string; readonly right: true; readonly least: number };

/** One cell once its place is known, for instance in colour. `row` is undefined for a heading. */
export type PaintCell = (text: string, row: number | undefined, column: number) => string;

/** No column of text is cut to less. */
const NARROWEST = 8;
const BETWEEN = 3;

/**
 * Rows of text under headings, in kubectl's form: columns as wide as their widest cell, three blanks between, none at the end.
 *
 * @param most how wide it may be: texts are cut for it, the widest column first, so that no figure is lost; no bound unless given
 */
export function formatTable(
  headings: readonly Heading[],
  rows: readonly (readonly string[])[],
  paint: PaintCell = (text) => text,
  most = Number.POSITIVE_INFINITY,
): string {
  const names = headings.map((heading) => (typeof heading === "string" ? heading : heading.name));
  const widths = headings.map((heading, column) =>
    Math.max(
      typeof heading === "string" ? 0 : heading.least,
      names[column]?.length ?? 0,
      ...rows.map((row) => (row[column] ?? "").length),
    ),
  );
  narrow(widths, headings, most);
  const line = (cells: readonly string[], row?: number): string => {
    const last = cells.findLastIndex((cell) => cell !== "");
    const placed = cells.slice(0, last + 1).map((whole, column) => {
      const cell = cut(whole, widths[column] ?? 0);
      const blanks = " ".repeat((widths[column] ?? 0) - cell.length);
      const words = cell === "" ? "" : paint(cell, row, column);
      if (typeof headings[column] === "object") return `${blanks}${words}`;
      return column === last ? words : `${words}${blanks}`;
    });
    return `${placed.join(" ".repeat(BETWEEN))}\n`;
  };
  return [line(names), ...rows.map((row, index) => line(row, index))].join("");
}

function narrow(widths: number[], headings: readonly Heading[], most: number): void {
  for (;;) {
    if (widths.reduce((sum, width) => sum + width, BETWEEN * (widths.length - 1)) <= most) return;
    const texts = widths.filter((width, column) => typeof headings[column] === "string" && width > NARROWEST);
    if (texts.length === 0) return;
    const widest = Math.max(...texts);
    widths[widths.findIndex((width, column) => typeof headings[column] === "string" && width === widest)] = widest - 1;
  }
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

/** Age as kubectl writes it: 12s, 5m, 3h, 9d. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
