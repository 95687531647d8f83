import { z } from "zod";
import { ApiProblem } from "../api-problem.ts";
import { notAnswering, notRunning } from "./forward.ts";
import type { MonitoringTarget } from "./monitoring-target.ts";

/** Milliseconds for one answer of Alertmanager. */
const PATIENCE = 5_000;

const matcherSchema = z.object({
  name: z.string(),
  value: z.string(),
  isRegex: z.boolean(),
  isEqual: z.boolean().default(true),
});

const alertSchema = z.object({
  fingerprint: z.string(),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  startsAt: z.string(),
  updatedAt: z.string(),
  generatorURL: z.string().default(""),
  status: z.object({
    state: z.enum(["unprocessed", "active", "suppressed"]),
    silencedBy: z.array(z.string()),
    inhibitedBy: z.array(z.string()),
  }),
});
export type AlertmanagerAlert = z.infer<typeof alertSchema>;

const silenceSchema = z.object({
  id: z.string(),
  matchers: z.array(matcherSchema),
  startsAt: z.string(),
  endsAt: z.string(),
  createdBy: z.string(),
  comment: z.string(),
  status: z.object({ state: z.enum(["expired", "active", "pending"]) }),
});
export type AlertmanagerSilence = z.infer<typeof silenceSchema>;
export type SilenceMatcher = z.infer<typeof matcherSchema>;

/** What Alertmanager's API v2 takes as a silence. Times are RFC 3339. */
export interface PostableSilence {
  readonly id?: string;
  readonly matchers: readonly SilenceMatcher[];
  readonly startsAt: string;
  readonly endsAt: string;
  readonly createdBy: string;
  readonly comment: string;
}

/** The parts of Alertmanager's API v2 (the same from 0.25 to 0.34) that alerts and silences need. */
export class AlertmanagerClient {
  readonly #target: MonitoringTarget | undefined;

  constructor(target: MonitoringTarget | undefined) {
    this.#target = target;
  }

  async alerts(): Promise<readonly AlertmanagerAlert[]> {
    return this.#read("/api/v2/alerts", z.array(alertSchema));
  }

  async silences(): Promise<readonly AlertmanagerSilence[]> {
    return this.#read("/api/v2/silences", z.array(silenceSchema));
  }

  /** Undefined: there is none with this id. */
  async silence(id: string): Promise<AlertmanagerSilence | undefined> {
    const response = await this.#ask(`/api/v2/silence/${encodeURIComponent(id)}`);
    // 422: the id is not even in the form of one.
    if (response.status === 404 || response.status === 422) return undefined;
    return this.#parse(response, silenceSchema);
  }

  /** Makes a silence, or changes the one with its id. Returns its id, which may be a new one. */
  async putSilence(silence: PostableSilence): Promise<string> {
    const body = JSON.stringify(silence);
    const headers = { "content-type": "application/json" };
    const response = await this.#ask("/api/v2/silences", { method: "POST", headers, body });
    if (response.status === 400 || response.status === 404) {
      const words = (await response.text()).slice(0, 300);
      throw new ApiProblem(422, "Silence refused", `Alertmanager says: ${words}`, "correct the silence");
    }
    const { silenceID } = await this.#parse(response, z.object({ silenceID: z.string() }));
    return silenceID;
  }

  async endSilence(id: string): Promise<void> {
    const response = await this.#ask(`/api/v2/silence/${encodeURIComponent(id)}`, { method: "DELETE" });
    await response.arrayBuffer();
    // 500 "silence … already expired": what was wanted is so.
    if (!response.ok && response.status !== 500) throw notAnswering("Alertmanager", `status ${response.status}`);
  }

  async #read<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    return this.#parse(await this.#ask(path), schema);
  }

  async #parse<T>(response: Response, schema: z.ZodType<T>): Promise<T> {
    try {
      if (!response.ok) throw new Error(`status ${response.status}`);
      return schema.parse(await response.json());
    } catch (error) {
      throw notAnswering("Alertmanager", error);
    }
  }

  async #ask(path: string, init: RequestInit = {}): Promise<Response> {
    const base = this.#target?.url();
    if (base === undefined) throw notRunning("Alertmanager");
    const headers = new Headers(init.headers);
    if (this.#target?.authorization !== undefined) headers.set("authorization", this.#target.authorization);
    const url = new URL(base.pathname.replace(/\/$/, "") + path, base);
    try {
      return await fetch(url, { ...init, headers, redirect: "error", signal: AbortSignal.timeout(PATIENCE) });
    } catch (error) {
      throw notAnswering("Alertmanager", error);
    }
  }
}
