export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Values that a log line may carry. Secrets are never passed here. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with `room` on every line. */
  room(name: string): Logger;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** `text` for a person at a terminal, `json` for a collector: one object a line. */
  readonly format: "text" | "json";
  readonly write: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export function createLogger(options: LogOptions, room = "main"): Logger {
  const least = LOG_LEVELS.indexOf(options.level);
  const now = options.now ?? Date.now;
  const line = options.format === "json" ? jsonLine : textLine;
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (LOG_LEVELS.indexOf(level) < least) return;
      options.write(line(new Date(now()).toISOString(), level, room, message, fields));
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    room: (name) => createLogger(options, name),
  };
}

/** A log that goes nowhere, for tests and for code that is given none. */
export const silentLogger: Logger = createLogger({ level: "error", format: "text", write: () => {} });

function jsonLine(time: string, level: LogLevel, room: string, message: string, fields: LogFields): string {
  return JSON.stringify({ time, level, room, message, ...fields });
}

function textLine(time: string, level: LogLevel, room: string, message: string, fields: LogFields): string {
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${typeof value === "string" ? word(value) : value}`)
    .join("");
  return `${time.slice(11, 23)} ${level.padEnd(5)} ${room.padEnd(10)} ${escaped(message)}${rest}`;
}

/** In quotes where it could be taken for more than one, or for none. */
function word(value: string): string {
  return value === "" || /[\s"=\p{Cc}]/u.test(value) ? escaped(JSON.stringify(value)) : escaped(value);
}

/** Others' words may hold what a terminal obeys (ESC, the C1 controls of ECMA-48) or what looks like another line. */
function escaped(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A log whose information is detail for as long as `isCalm` says so; warnings and errors stay what they are. */
export function calmWhile(isCalm: () => boolean, logger: Logger): Logger {
  return {
    debug: (message, fields) => logger.debug(message, fields),
    info: (message, fields) => logger[isCalm() ? "debug" : "info"](message, fields),
    warn: (message, fields) => logger.warn(message, fields),
    error: (message, fields) => logger.error(message, fields),
    room: (name) => calmWhile(isCalm, logger.room(name)),
  };
}

/** A log for programs that talk much: what they call information or a warning is detail here, and an error a warning. */
export function quieter(logger: Logger): Logger {
  const detail = (message: string, fields?: LogFields): void => logger.debug(message, fields);
  return {
    debug: detail,
    info: detail,
    warn: detail,
    error: (message, fields) => logger.warn(message, fields),
    room: (name) => quieter(logger.room(name)),
  };
}
