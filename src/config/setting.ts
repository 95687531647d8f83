import { isIP } from "node:net";
import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import { parseDuration } from "#lib/duration.ts";
import { type Complaint, text } from "#lib/schema-rules.ts";
import { checkDnsLabel } from "#resources/names.ts";

/** What kind of value a setting takes, for the reference page. */
export interface SettingKind {
  readonly takes: string;
}

/** What {@link setting} and the building blocks below know of schemas, for the reference page. */
export const settingKinds = z.registry<SettingKind>();

function takes<T extends z.ZodType>(schema: T, words: string): T {
  settingKinds.add(schema, { takes: words });
  return schema;
}

/** Milliseconds. A timer of Node's holds 2³¹ - 1, nearly 25 days; a longer one would end at once, again and again. */
const LONGEST_TIMER = 24 * 86_400_000;

/** Milliseconds: for what no timer waits for. */
export const TEN_YEARS = 3650 * 86_400_000;

/**
 * A duration, in milliseconds once read.
 *
 * @param least the shortest that makes sense, also in milliseconds
 * @param most the longest that whoever uses it can hold
 */
export function duration(least = 1, most = LONGEST_TIMER) {
  const schema = z.unknown().transform((value, context): number => {
    const milliseconds = typeof value === "string" ? parseDuration(value) : undefined;
    if (milliseconds !== undefined && milliseconds >= least && milliseconds <= most) return milliseconds;
    const isTooLong = milliseconds !== undefined && milliseconds > most;
    const expected = isTooLong
      ? `a duration of at most ${most / 86_400_000}d`
      : least > 1
        ? `a duration of at least ${least / 1000}s`
        : `a duration such as 15s, 500ms or 5m`;
    const fix = typeof value === "number" ? `write ${value}s if seconds are meant` : undefined;
    const message =
      value === undefined ? `missing, expected ${expected}` : `found ${describeValue(value)}, expected ${expected}`;
    context.addIssue({ code: "custom", message, params: { fix } });
    return z.NEVER;
  });
  return takes(schema, "duration");
}

/** A file or folder; a relative one is meant from the folder of the configuration file. */
export function path(fromHere: (path: string) => string) {
  const schema = text((value) => (value === "" ? { message: "found an empty text, expected a path" } : undefined));
  return takes(schema.transform(fromHere), "path");
}

export function port() {
  return takes(z.int().min(1).max(65535), "port");
}

export function count(least: number, most = Number.MAX_SAFE_INTEGER) {
  return takes(z.int().min(least).max(most), `whole number, at least ${least}`);
}

/** An IP address to listen on. */
export function address() {
  return takes(
    text((value) => {
      if (isIP(value) !== 0) return undefined;
      const fix = value === "localhost" ? "write 127.0.0.1" : value === "*" ? "write 0.0.0.0" : undefined;
      return {
        message: `found ${describeValue(value)}, expected an IP address`,
        ...(fix === undefined ? {} : { fix }),
      };
    }),
    "IP address",
  );
}

/** An address of a web API, without query. */
export function url() {
  return takes(
    text((value) =>
      /^https?:\/\/[^\s/?#]+(\/[^\s?#]*)?$/.test(value)
        ? undefined
        : { message: `found ${describeValue(value)}, expected a URL that begins with https:// or http://` },
    ),
    "URL",
  );
}

/** A name that other settings, file names and statistics use. */
export function name() {
  return takes(text(checkDnsLabel), "DNS label");
}

/** `host:port`; IPv6 addresses in brackets. */
export function hostAndPort() {
  return takes(text(checkHostAndPort), "host:port");
}

function checkHostAndPort(value: string): Complaint | undefined {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:\s[\]]+):(\d+)$/.exec(value);
  if (match !== null && Number(match[2]) >= 1 && Number(match[2]) <= 65535) return undefined;
  return { message: `found ${describeValue(value)}, expected host:port` };
}

/** 127/8 and ::1: what only this machine can reach. */
export function isLoopback(ip: unknown): boolean {
  return typeof ip === "string" && ((isIP(ip) === 4 && ip.startsWith("127.")) || ip === "::1");
}
