import type { ConsoleState } from "../state/console-state.ts";

/** Says that the connection is lost and when it is tried again. It lies over the page, so that nothing moves. */
export function ConnectionNotice({ state }: { readonly state: ConsoleState }) {
  const feed = state.feed.value;
  if (feed.type !== "waiting") return null;
  const seconds = Math.max(0, Math.ceil((feed.retryAt - state.now.value) / 1000));
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
