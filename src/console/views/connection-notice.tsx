import type { FeedState } from "../feed/live-feed.ts";
import type { ConsoleState } from "../state/console-state.ts";

/** The connection failed, and has not come back: it stays so while it is tried again, so that nothing blinks. */
export function isLost(feed: FeedState): boolean {
  return feed.type === "waiting" || (feed.type === "connecting" && feed.again);
}

/** Says that the connection is lost and when it is tried again. It lies over the page, so that nothing moves. */
export function ConnectionNotice({ state }: { readonly state: ConsoleState }) {
  const feed = state.feed.value;
  if (!isLost(feed)) return null;
  const seconds = feed.type === "waiting" ? Math.max(0, Math.ceil((feed.retryAt - state.now.value) / 1000)) : 0;
  return (
    <div class="notice" role="alert">
      <span>
        The appliance cannot be reached; what you see is old. Trying again {seconds === 0 ? "now" : `in ${seconds} s`}.
      </span>
      <button type="button" class="button" onClick={() => state.reconnect()}>
        Try now
      </button>
    </div>
  );
}
