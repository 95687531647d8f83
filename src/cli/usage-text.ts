import { nearest } from "#lib/nearest.ts";

/**
 * Commander's words for wrong usage (`error: unknown command 'gte'`, and below it what was meant) in the form of every other
 * failure.
 *
 * @param command as it is called: `binnacle backends list`
 * @param choicesOf what an option takes, by its flags: `-o, --output <format>`
 */
export function usageText(error: string, command: string, choicesOf: (flags: string) => readonly string[]): string {
  const [first = "", ...more] = error.trim().split("\n");
  const message = first.replace(/^error: /, "").replace(/\.$/, "");
  const meant = /^\(Did you mean (?:one of )?(.*)\?\)$/.exec(more.join(" "))?.[1] ?? meantChoice(message, choicesOf);
  const guess = meant === undefined ? "" : `did you mean ${meant}? `;
  return `binnacle: ${message}\n  fix: ${guess}see \`${command} --help\`\n`;
}

function meantChoice(message: string, choicesOf: (flags: string) => readonly string[]): string | undefined {
  const [, flags = "", given = ""] = /^option '(.*?)' argument '(.*?)' is invalid/.exec(message) ?? [];
  return nearest(given, choicesOf(flags));
}
