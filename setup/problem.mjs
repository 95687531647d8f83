/** Something the user can mend: what failed, why, and the command that helps. */
export class Problem extends Error {
  constructor(title, { cause, fix }) {
    super(title);
    this.name = "Problem";
    this.reason = cause;
    this.fix = fix;
  }
}

const indented = (text) => String(text).trim().split("\n").join("\n         ");

export function describe(error) {
  if (!(error instanceof Problem)) return error && error.stack ? error.stack : String(error);
  const lines = [`binnacle: ${error.message}`];
  if (error.reason) lines.push(`  cause: ${indented(error.reason)}`);
  if (error.fix) lines.push(`  fix:   ${indented(error.fix)}`);
  return lines.join("\n");
}
