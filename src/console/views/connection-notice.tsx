import { type ConsoleState, isLost } from "../state/console-state.ts";

const WORDS = {
  unreachable: "The appliance cannot be reached; what you see is old.",
  refused:
    "The appliance opens no live view; what you see is old. It may be that too many are open: close one in another window.",
} as const;

/** Says that the connection is lost and when it is tried again. It lies over the page, so that nothing moves. */
export function ConnectionNotice({ state }: { readonly state: ConsoleState }) {
  const feed = state.feed.value;
  if (!isLost(feed)) return null;
  const seconds = feed.type === "waiting" ? Math.max(0, Math.ceil((feed.retryAt - state.now.value) / 1000)) : 0;
  return (
    <div class="notice">
      {/* The count beside it is no alert: it would be read out each second. */}
      <span role="alert">{WORDS[feed.lost]}</span>
      <span class="notice-wait">Trying again {seconds === 0 ? "now" : `in ${seconds} s`}.</span>
      <button type="button" class="button" onClick={() => state.reconnect()}>
        Try now
      </button>
    </div>
  );
}
