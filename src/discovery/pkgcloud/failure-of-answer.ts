import { errorMessage } from "#lib/error-message.ts";
import { retryAfter } from "#lib/retry-after.ts";
import { isMap } from "#lib/schema-rules.ts";
import { PlatformError } from "../platform-error.ts";
import { kindOfStatus } from "./kind-of-status.ts";

/**
 * What is wrong with what pkgcloud tells of a request; undefined for 2xx and 300 with a JSON object.
 *
 * @param where `GET https://…`, without secrets
 */
export function failureOfAnswer(
  where: string,
  error: unknown,
  body: unknown,
  { statusCode: status = 0, headers = {} }: Partial<Head> = {},
): PlatformError | undefined {
  if (isMap(error) && typeof error["statusCode"] === "number") {
    const told = isMap(error["headers"]) ? error["headers"] : {};
    return answered(where, { statusCode: error["statusCode"], headers: told }, error["result"]);
  }
  if (error !== null && error !== undefined) {
    const { code } = error as { readonly code?: unknown };
    if (code === "ERR_INVALID_CHAR")
      return new PlatformError(`${where}: not sent, the token holds what no header may hold`, { kind: "credentials" });
    const kind = code === "ETIMEDOUT" || code === "ESOCKETTIMEDOUT" ? "timeout" : "unreachable";
    const words =
      kind === "timeout"
        ? "no answer in time"
        : `cannot be reached (${typeof code === "string" ? code : errorMessage(error)})`;
    return new PlatformError(`${where}: ${words}`, { kind, cause: error });
  }
  if ((status >= 200 && status < 300) || status === 300) {
    if (isMap(body)) return undefined;
    return new PlatformError(`${where}: answered what is no JSON object`, { kind: "invalid", status });
  }
  return answered(where, { statusCode: status, headers }, body);
}

interface Head {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
}

function answered(where: string, { statusCode: status, headers }: Head, body: unknown): PlatformError {
  const said = wordsOf(body);
  const now = Date.now();
  return new PlatformError(`${where}: ${status}${said === "" ? "" : ` ${said}`}`, {
    kind: kindOfStatus(status),
    status,
    retryAfter: retryAfter(headers["retry-after"], now) || untilReset(headers, now),
  });
}

/**
 * Of its hourly limit DigitalOcean says only when the oldest request ceases to count (`RateLimit-Reset`, seconds since the
 * epoch), and that none is left. Milliseconds; 0 where it says nothing.
 */
function untilReset(headers: Readonly<Record<string, unknown>>, now: number): number {
  if (headers["ratelimit-remaining"] !== "0") return 0;
  const reset = Number(headers["ratelimit-reset"]);
  return Number.isFinite(reset) ? Math.max(0, reset * 1000 - now) : 0;
}

/** Keystone and Nova say `{"error": {"message"}}` or `{"forbidden": {"message"}}`, Octavia `{"faultstring"}`, others `{"message"}`. */
function wordsOf(body: unknown): string {
  if (!isMap(body)) return "";
  const texts = [
    body["faultstring"],
    body["message"],
    ...Object.values(body).map((inner) => isMap(inner) && inner["message"]),
  ];
  const [text = ""] = texts.filter((candidate) => typeof candidate === "string");
  return text.length > 200 ? `${text.slice(0, 197)}...` : text;
}
