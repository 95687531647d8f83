import type { Explanation } from "#api/ports/explain.ts";
import type { RequestRow } from "#traffic/request-shown.ts";
import { sameUpstream } from "#traffic/upstream.ts";

/** Headers of an answer that tell what was predicted of it; absent where it had none. */
export interface AnswerHeaders {
  readonly altSvc?: string | undefined;
  readonly cacheControl?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly contentLength?: string | undefined;
  readonly contentType?: string | undefined;
}

/**
 * What an answer says of compression and HTTP/3 that the prediction says otherwise. That one is encoded is never a difference: the
 * upstream may have done that itself. One that came as it is, is a difference only where nothing of it speaks against compression.
 */
export function answerDifferences(expected: Explanation, row: RequestRow, headers: AnswerHeaders): string[] {
  return [...http3Differences(expected, row, headers), ...encodingDifferences(expected, row, headers)];
}

/** What of it is worth a look, in words. */
export function answerWords({ contentEncoding, altSvc }: AnswerHeaders): string {
  const encoded = contentEncoding === undefined ? "" : `, in ${contentEncoding}`;
  return `${encoded}${altSvc === undefined ? "" : `, Alt-Svc ${altSvc}`}`;
}

/** Answers that a filter gives are not the host's. */
function http3Differences({ http3 }: Explanation, { details }: RequestRow, { altSvc = "" }: AnswerHeaders): string[] {
  if (http3 === undefined || (details !== "via_upstream" && details !== "direct_response")) return [];
  return http3.ports
    .filter((port) => !altSvc.includes(`h3=":${port}"`))
    .map((port) => `HTTP/3: predicted UDP port ${port}, and Alt-Svc was ${altSvc || "none"}`);
}

function encodingDifferences({ upstreams }: Explanation, row: RequestRow, headers: AnswerHeaders): string[] {
  const { code, details, method, upstream } = row;
  const { contentEncoding, contentType = "", contentLength, cacheControl = "" } = headers;
  if (upstream === undefined || details !== "via_upstream" || method === "HEAD" || code === 206) return [];
  if (contentEncoding !== undefined || /\bno-transform\b/i.test(cacheControl)) return [];
  const type = contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const compressions = upstreams.filter((one) => sameUpstream(one, upstream)).map(({ compression }) => compression);
  return compressions.flatMap((compression) => {
    if (compression?.chosen === undefined || !compression.types.includes(type)) return [];
    // Without a length it may be too small for it, and that cannot be told from here.
    if (contentLength === undefined || Number(contentLength) < compression.least) return [];
    return [`compression: predicted ${compression.chosen}, and it was none`];
  });
}
