import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import type { StandByOrder } from "#snapshot-server/stand-by.ts";
import type { ProcessState } from "#supervisor/process-life.ts";
import type { Snapshot } from "#xds/snapshot.ts";

export interface XdsSocketOptions {
  readonly path: string;
  readonly xds: { listenUnix(path: string): Promise<void> };
  readonly snapshot: Snapshot;
  /** What the snapshot server serves. */
  readonly archive: { readonly isWhole: boolean };
  readonly standBy: { order: StandByOrder };
  /** The local one. */
  readonly envoy: { readonly state: Pick<ProcessState, "state"> };
  readonly log: Logger;
}

/**
 * Milliseconds. A control plane that is quicker needs nobody's help, and an Envoy that starts waits five times as long for its
 * first answer (envoy/bootstrap.ts).
 */
const ASK_AFTER = 3_000;
const LOOK_EVERY = 1_000;

/**
 * Takes the socket at which the local Envoy looks for its configuration: at once where nobody else could serve there, else when
 * there is something to say. Before the home is read, and that may take as long as its API cannot be reached, an Envoy that starts
 * with us gets what was acknowledged last. One that runs stays where it is.
 *
 * @returns `taken` resolves when the socket is ours
 */
export async function takeXdsSocket(
  { path, xds, snapshot, archive, standBy, envoy, log }: XdsSocketOptions,
  parts: AsyncDisposableStack,
): Promise<{ readonly taken: Promise<void> }> {
  if (!archive.isWhole) {
    await xds.listenUnix(path);
    return { taken: Promise.resolve() };
  }
  const taken = Promise.withResolvers<void>();
  taken.promise.catch((error: unknown) => {
    log.error("Envoy cannot ask us for its configuration; start again", { error: errorMessage(error) });
  });
  const since = performance.now();
  const look = setInterval(() => {
    if (performance.now() - since >= ASK_AFTER && envoy.state.state !== "live") standBy.order = "serve";
  }, LOOK_EVERY);
  const stopListening = snapshot.listen({
    changed: () => {
      end();
      standBy.order = "rest";
      taken.resolve(xds.listenUnix(path));
    },
  });
  const end = (): void => {
    clearInterval(look);
    stopListening();
  };
  parts.defer(end);
  return { taken: taken.promise };
}
