/** Milliseconds that a Retry-After header asks for (RFC 9110 §10.2.3: seconds or a date); 0 where it says nothing. */
export function retryAfter(header: unknown, now: number): number {
  if (typeof header !== "string") return 0;
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(wait) ? 0 : Math.max(0, wait);
}
