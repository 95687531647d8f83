import type { Readable, Writable } from "node:stream";

/** The world as a command sees it: what main hands in, so that a test can hand in its own. */
export interface CliContext {
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly stderr: Writable;
  /** For commands that ask for something; a terminal's says so. */
  readonly stdin?: Readable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Version of Binnacle. */
  readonly version: string;
  /** Fires when the user wants to stop (Ctrl-C, SIGTERM). */
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
