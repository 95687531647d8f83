import { formatRate, formatShare } from "./format.ts";

/** What the totals are compared with, by the words that a tile has for it and PromQL's. */
const EARLIER = [
  { words: "an hour ago", offset: "1h" },
  { words: "a day ago", offset: "1d" },
] as const;

const FIGURES = { requests: "listener:requests:rate2m", errors: "route:request_errors:rate2m" } as const;
type Figure = keyof typeof FIGURES;

/** One question to Prometheus for all of it: requests and errors a second, each series told by its label `figure`. */
export const EARLIER_QUERY: string = EARLIER.flatMap(({ offset }) =>
  (Object.keys(FIGURES) as Figure[]).map(
    (figure) => `label_replace(sum(${FIGURES[figure]} offset ${offset}), "figure", "${figure} ${offset}", "", "")`,
  ),
).join(" or ");

/** The answer of Prometheus' /api/v1/query, as far as it is read: https://prometheus.io/docs/prometheus/latest/querying/api/ */
export interface InstantAnswer {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [time: number, value: string];
    }[];
  };
}

/** Totals of one time before; both a second. */
export interface EarlierRates {
  readonly words: string;
  readonly requests: number;
  readonly errors: number;
}

/** What of it is known: nothing of a time at which nothing was counted yet. */
export function earlierRates({ data }: InstantAnswer): readonly EarlierRates[] {
  const figures = new Map(data.result.map(({ metric, value }) => [metric["figure"], Number(value[1])]));
  return EARLIER.flatMap(({ words, offset }) => {
    const requests = figures.get(`requests ${offset}`);
    // Without one error since the start there is no series of them.
    return requests === undefined ? [] : [{ words, requests, errors: figures.get(`errors ${offset}`) ?? 0 }];
  });
}

/** `52.1/s an hour ago, 61.0/s a day ago`; empty where nothing is known. */
export function earlierRequests(rates: readonly EarlierRates[]): string {
  return rates.map(({ words, requests }) => `${formatRate(requests)}/s ${words}`).join(", ");
}

/** `1.2% an hour ago, 0.9% a day ago`. */
export function earlierErrors(rates: readonly EarlierRates[]): string {
  return rates
    .map(({ words, requests, errors }) => `${formatShare(requests === 0 ? 0 : errors / requests)} ${words}`)
    .join(", ");
}
