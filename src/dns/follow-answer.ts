import { Backoff, type BackoffLimits } from "#lib/backoff.ts";
import { pause } from "#lib/pause.ts";

/** How often is asked again, in milliseconds. */
export interface RefreshTimes {
  /** An answer is kept for at least so long, whatever its time to live. */
  readonly minimumTtl: number;
  readonly maximumTtl: number;
  /** After a failure. */
  readonly retry: BackoffLimits;
}

export interface AnswerFollower<T> {
  /** Throws where there is no answer. */
  readonly ask: (signal: AbortSignal) => Promise<T>;
  readonly onAnswer: (answer: T) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Asks, and asks again when the answer's time to live is over, until the signal. */
export async function followAnswer<T extends { /** Seconds. */ readonly ttl: number }>(
  { ask, onAnswer, onFailure }: AnswerFollower<T>,
  { minimumTtl, maximumTtl, retry }: RefreshTimes,
  signal: AbortSignal,
): Promise<void> {
  const backoff = new Backoff(retry);
  while (!signal.aborted) {
    let wait: number;
    try {
      const answer = await ask(signal);
      if (signal.aborted) return;
      backoff.reset();
      onAnswer(answer);
      wait = Math.min(maximumTtl, Math.max(minimumTtl, answer.ttl * 1000));
    } catch (error) {
      if (signal.aborted) return;
      onFailure(error);
      wait = backoff.next();
    }
    await pause(wait, signal);
  }
}
