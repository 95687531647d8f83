import type { Readable, Writable } from "node:stream";
import { errorMessage } from "#lib/error-message.ts";

/** The world as a command sees it: what main hands in, so that a test can hand in its own. */
export interface CliContext {
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly stderr: Writable;
  /** For commands that ask for something; a terminal's says so. */
  readonly stdin?: Readable & { readonly isTTY?: boolean; readonly setRawMode?: (on: boolean) => unknown };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Version of Binnacle. */
  readonly version: string;
  /** Fires with a {@link Stop} when the user wants to stop (Ctrl-C, SIGTERM), or nobody reads what is printed any more. */
  readonly signal: AbortSignal;
}

/** A command's failure in words for the user: what went wrong, and what to do. */
export class CommandError extends Error {
  readonly fix: string | undefined;

  constructor(message: string, fix?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CommandError";
    this.fix = fix;
  }
}

/** What was asked for cannot be understood: exit code 2, as for a flag that does not exist. */
export class UsageError extends CommandError {}

/** Why a command is to stop. Named as what the platform throws where a signal has fired. */
export class Stop extends Error {
  override readonly name = "AbortError";
  /** As shells tell of a program that a signal ended; who reads no more has seen all they wanted. */
  readonly exitCode: number;

  constructor(exitCode: number) {
    super("stopped");
    this.exitCode = exitCode;
  }
}

/** The exit code of a command that ended because `signal` fired. */
export function stopCode({ reason }: AbortSignal): number {
  return reason instanceof Stop ? reason.exitCode : 130;
}

/** A failure as people read it: what went wrong, and what to do. */
export function failureText(error: unknown): string {
  const fix = error instanceof CommandError && error.fix !== undefined ? `\n  fix: ${error.fix}` : "";
  return `binnacle: ${errorMessage(error)}${fix}\n`;
}
