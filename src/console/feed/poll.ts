import type { ProblemAnswer } from "#api/api-problem.ts";

/** The last answer to a question that is asked again and again; an error stands beside the answer before it. */
export interface Polled<T> {
  readonly answer: T | undefined;
  /** In words, while the last try failed. */
  readonly error: string | undefined;
}

export interface PollOptions<T> {
  /** Below `base`. */
  readonly path: string;
  /** Left out: `/api/v1`. */
  readonly base?: string;
  /** Milliseconds between the end of one question and the next. */
  readonly every: number;
  readonly onAnswer: (polled: Polled<T>) => void;
  readonly onSignedOut: () => void;
}

/** Milliseconds until a question counts as unanswered. */
const PATIENCE = 10_000;

/** Asks while the page is seen. `again()` asks at once. */
export class Poll<T> implements Disposable {
  readonly #options: PollOptions<T>;
  #answer: T | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round = 0;

  constructor(options: PollOptions<T>) {
    this.#options = options;
    document.addEventListener("visibilitychange", this.#onVisibility);
    this.again();
  }

  again(): void {
    clearTimeout(this.#timer);
    void this.#ask(++this.#round);
  }

  [Symbol.dispose](): void {
    this.#round++;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#onVisibility);
  }

  async #ask(round: number): Promise<void> {
    const { path, base, every, onAnswer, onSignedOut } = this.#options;
    const polled = await fetchJson<T>(path, {}, base);
    if (round !== this.#round) return;
    if (polled.status === 401) {
      onSignedOut();
      return;
    }
    if (polled.answer !== undefined) this.#answer = polled.answer;
    onAnswer({ answer: this.#answer, error: polled.error });
    this.#timer = setTimeout(() => {
      if (!document.hidden) this.again();
    }, every);
  }

  readonly #onVisibility = (): void => {
    if (!document.hidden) this.again();
  };
}

export interface Fetched<T> {
  /** 0: there was no answer. */
  readonly status: number;
  readonly answer: T | undefined;
  readonly error: string | undefined;
}

/** One question to the API. Never rejects: what went wrong is in the result, in words. */
export async function fetchJson<T>(path: string, init: RequestInit = {}, base = "/api/v1"): Promise<Fetched<T>> {
  const request = { headers: { accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE), ...init };
  let response: Response;
  try {
    response = await fetch(`${base}${path}`, request);
  } catch {
    return { status: 0, answer: undefined, error: "the appliance does not answer" };
  }
  const { status } = response;
  try {
    if (status === 204) return { status, answer: undefined, error: undefined };
    if (response.ok) return { status, answer: await response.json(), error: undefined };
    const problem: ProblemAnswer = await response.json();
    return { status, answer: undefined, error: `${problem.title}: ${problem.detail}. ${problem.fix}.` };
  } catch {
    return { status, answer: undefined, error: `the appliance answered ${status} without words` };
  }
}
