/**
 * Why a host (an IP address or a name) may not be an upstream on a port, in words that follow it; undefined where it may. It is
 * asked by platforms whose addresses are written by whoever may write a zone: without it a name could open what listens on
 * this machine. Translation asks the same of every address once more.
 */
export type RefuseUpstream = (
  host: string,
  port: number,
) => { readonly message: string; readonly fix: string } | undefined;
