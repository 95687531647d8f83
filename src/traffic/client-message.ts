import { z } from "zod";
import type { ClientMessage, ProblemMessage } from "./messages.ts";

/** Longest string and longest list in a filter: a filter is asked for every request. */
const LONGEST_TEXT = 500;
const LONGEST_LIST = 200;

const text = z.string().max(LONGEST_TEXT);
const texts = z.array(text).max(LONGEST_LIST).optional();
const count = z.int().min(0);
const time = z.number().min(0);

const owner = z.strictObject({ kind: text, namespace: text, name: text });
const upstream = z.strictObject({ backend: text, namespace: text, service: text, port: z.int().min(0).max(65_535) });
const codeClass = z.enum(["0xx", "1xx", "2xx", "3xx", "4xx", "5xx"]);

const filter = z.strictObject({
  envoys: texts,
  hosts: texts,
  routes: texts,
  namespaces: texts,
  owners: z.array(owner).max(LONGEST_LIST).optional(),
  clusters: z.array(upstream).max(LONGEST_LIST).optional(),
  endpoints: texts,
  clients: texts,
  methods: texts,
  pathPrefix: text.optional(),
  pathContains: text.optional(),
  codes: z
    .array(z.union([z.int().min(0).max(999), codeClass]))
    .max(LONGEST_LIST)
    .optional(),
  flags: texts,
  slowerThan: time.optional(),
  kept: z
    .array(z.enum(["pinned", "failure", "slow", "sample"]))
    .max(LONGEST_LIST)
    .optional(),
  requestId: text.optional(),
});

const pinTarget = z
  .strictObject({
    client: text.optional(),
    host: text.optional(),
    route: text.optional(),
    requestId: text.optional(),
  })
  .refine((target) => Object.values(target).some((value) => value !== undefined), {
    error: "expected at least one of client, host, route, requestId",
  });

const clientMessage = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("subscribe"),
    filter: filter.optional(),
    rowsPerSecond: count.optional(),
    recentRows: count.optional(),
    tableRows: count.optional(),
    columns: count.optional(),
  }),
  z.strictObject({ type: z.literal("pause") }),
  z.strictObject({ type: z.literal("resume") }),
  z.strictObject({ type: z.literal("pin"), pin: pinTarget, seconds: z.int().min(1).optional() }),
  z.strictObject({ type: z.literal("unpin"), id: text }),
  z.strictObject({
    type: z.literal("history"),
    id: text,
    filter: filter.optional(),
    from: time.optional(),
    to: time.optional(),
    limit: count.optional(),
  }),
]);

/** Reads what a client sent: text that may be anything. */
export function parseClientMessage(received: string): ClientMessage | ProblemMessage {
  let value: unknown;
  try {
    value = JSON.parse(received);
  } catch {
    return { type: "problem", path: "", message: "this is not JSON", fix: "send one JSON object in each message" };
  }
  const parsed = clientMessage.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? []).map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return {
    type: "problem",
    path: path.replace(/^\./, ""),
    message: issue?.message ?? "not understood",
    fix: "see ClientMessage in src/traffic/messages.ts",
  };
}

/** What a subscription is given, whatever it asks for. */
export const SUBSCRIPTION_LIMITS = {
  rowsPerSecond: { default: 50, most: 500 },
  recentRows: { default: 200, most: 2000 },
  tableRows: { default: 100, most: 5000 },
  columns: { default: 300, most: 900 },
} as const;

/** Subscriptions of one session that are answered, and totals that one user asks the API for: so many at once, and then so many a second. */
export const SUBSCRIPTIONS = { atOnce: 10, perSecond: 1 } as const;

export const REPLACED_SUBSCRIPTION: ProblemMessage = {
  type: "problem",
  path: "subscribe",
  message: `more subscriptions than ${SUBSCRIPTIONS.atOnce} at once and then ${SUBSCRIPTIONS.perSecond} a second: this one was replaced before its turn`,
  fix: "wait for the snapshot of the newest",
};

/** Questions of one session, and of one user to the API: so many at once, and then so many a second. */
export const HISTORY_QUESTIONS = { atOnce: 10, perSecond: 2 } as const;

export const TOO_MANY_QUESTIONS: Omit<ProblemMessage, "type"> = {
  path: "history",
  message: `more questions of the past than ${HISTORY_QUESTIONS.atOnce} at once and then ${HISTORY_QUESTIONS.perSecond} a second`,
  fix: "ask it again in a second",
};

export const HISTORY_ROWS = { default: 200, most: 2000 } as const;

/** Seconds. */
export const PIN_SECONDS = { default: 300, most: 3600 } as const;

export function capped(asked: number | undefined, limit: { readonly default: number; readonly most: number }): number {
  return Math.min(asked ?? limit.default, limit.most);
}
