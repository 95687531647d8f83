import type { SetTimer } from "#lib/set-timer.ts";
import type { IrEndpoint, IrEndpoints } from "#translate/ir.ts";
import type { TranslatedItem, TranslationDelta } from "#translate/translator.ts";

/** How long Envoy may take to hear of the new ones and, after their check, to tell its workers (it does so once a second). */
const MARGIN = 5_000;
interface Lingering {
  readonly endpoints: readonly IrEndpoint[];
  readonly timer: { cancel(): void };
}

interface Known {
  readonly item: IrEndpoints;
  readonly sources: TranslatedItem["sources"];
  /** What was replaced lately. */
  readonly lingering: readonly Lingering[];
}

/**
 * Make before break for endpoints whose health is checked: to Envoy one that is new is unhealthy until its first check, so that where
 * all are replaced at once nobody would answer meanwhile (a second or more). Those that went stay for as long as that check may
 * take, behind all others: they get requests only while no new one is known to be healthy.
 */
export class LingeringEndpoints {
  readonly #setTimer: SetTimer;
  readonly #over: (made: TranslatedItem) => void;
  /** How long the first check of a cluster's endpoints may take, in milliseconds. */
  readonly #checks = new Map<string, number>();
  readonly #known = new Map<string, Known>();

  /** @param over told what Envoy is to have once nothing of a cluster lingers any more, or less of it */
  constructor(setTimer: SetTimer, over: (made: TranslatedItem) => void) {
    this.#setTimer = setTimer;
    this.#over = over;
  }

  /** What Envoy is to have instead of what was made: the same but for endpoints that stay a while. */
  pass({ upserts, removals }: Pick<TranslationDelta, "upserts" | "removals">): readonly TranslatedItem[] {
    for (const { type, name } of removals) {
      if (type === "cluster" || type === "gateway") this.#checks.delete(name);
      else if (type === "endpoints") this.#forget(name);
    }
    // Clusters first: whether endpoints are checked is theirs to say.
    for (const { item } of upserts) {
      if (item.type !== "gateway" && item.type !== "cluster") continue;
      const check = item.type === "gateway" ? item.connectTimeout : item.healthCheck?.timeout;
      if (check === undefined) this.#checks.delete(item.name);
      else this.#checks.set(item.name, check);
    }
    return upserts.map((made) => this.#pass(made));
  }

  #pass({ item, sources }: TranslatedItem): TranslatedItem {
    if (item.type !== "endpoints") return { item, sources };
    const { name, endpoints } = item;
    const before = this.#known.get(name);
    const check = this.#checks.get(name);
    const lingering = [...(before?.lingering ?? [])];
    const replaced = before === undefined || check === undefined ? [] : replacedBy(endpoints, before.item.endpoints);
    if (replaced.length > 0) lingering.push(this.#linger(name, replaced, (check ?? 0) + MARGIN));
    const known = { item, sources, lingering };
    this.#known.set(name, known);
    return shown(known);
  }

  #linger(name: string, endpoints: readonly IrEndpoint[], millis: number): Lingering {
    const own: Lingering = {
      endpoints,
      timer: this.#setTimer(() => {
        const before = this.#known.get(name);
        if (before === undefined) return;
        const known = { ...before, lingering: before.lingering.filter((one) => one !== own) };
        this.#known.set(name, known);
        this.#over(shown(known));
      }, millis),
    };
    return own;
  }

  #forget(name: string): void {
    for (const { timer } of this.#known.get(name)?.lingering ?? []) timer.cancel();
    this.#known.delete(name);
  }
}

function shown({ item, sources, lingering }: Known): TranslatedItem {
  const usable = new Set(healthyOf(item.endpoints).map(placeOf));
  const old = new Map<string, IrEndpoint>();
  for (const endpoint of lingering.flatMap(({ endpoints }) => endpoints))
    if (!usable.has(placeOf(endpoint))) old.set(placeOf(endpoint), endpoint);
  // Without one that could be checked there is nothing to wait for: that none is left is an answer.
  if (usable.size === 0 || old.size === 0) return { item, sources };
  const stand = item.endpoints.filter((endpoint) => !old.has(placeOf(endpoint)));
  const priority = Math.max(...stand.map((endpoint) => endpoint.priority ?? 0)) + 1;
  const behind = [...old.values()].map((endpoint): IrEndpoint => ({ ...endpoint, priority }));
  return { item: { ...item, endpoints: [...stand, ...behind] }, sources };
}

/** The usable ones of before, where not one of them is usable now and others are. */
function replacedBy(after: readonly IrEndpoint[], before: readonly IrEndpoint[]): readonly IrEndpoint[] {
  const usable = new Set(healthyOf(after).map(placeOf));
  const used = healthyOf(before);
  return usable.size === 0 || used.some((endpoint) => usable.has(placeOf(endpoint))) ? [] : used;
}

function healthyOf(endpoints: readonly IrEndpoint[]): readonly IrEndpoint[] {
  return endpoints.filter(({ health }) => health === "healthy");
}

function placeOf({ address, port, tunnel }: IrEndpoint): string {
  return `${address} ${port} ${tunnel?.name ?? ""}`;
}
