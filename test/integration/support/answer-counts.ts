import type { Gateway } from "./gateway.ts";

/** How often each answer came to `count` requests one after the other: its body, or its status and body where it is none of 200. */
export async function answerCounts(gateway: Gateway, host: string, count: number): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (let request = 0; request < count; request++) {
    const { status, body } = await gateway.get(host, "/");
    const answer = status === 200 ? body : `${status} ${body}`;
    found[answer] = (found[answer] ?? 0) + 1;
  }
  return found;
}
