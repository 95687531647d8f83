import { once } from "node:events";
import { createServer } from "node:net";

const MARK_PORT = 1;

/** Addresses for Pods that no other test has: `await using subnet = await claimPodSubnet();` */
export interface PodSubnet extends AsyncDisposable {
  /** `10.88.N`: the first three numbers of all its addresses. */
  readonly prefix: string;
}

/**
 * A /24 of the Pods' network, in which any address can be listened at and reached. Throws outside of it: an API server
 * refuses loopback addresses as endpoints, so traffic to Pods needs the network namespace in which `npm run test:kubernetes`
 * runs the tests.
 */
export async function claimPodSubnet(): Promise<PodSubnet> {
  const network = process.env["BINNACLE_POD_NETWORK"];
  if (network === undefined) {
    throw new Error('traffic to Pods needs a network namespace: run this test by "npm run test:kubernetes"');
  }
  const [first, second] = network.split(".");
  for (let third = 0; third < 256; third++) {
    const prefix = `${first}.${second}.${third}`;
    const mark = createServer();
    try {
      // Who listens here has the subnet; the kernel gives it back when a process dies.
      mark.listen(MARK_PORT, `${prefix}.1`);
      await once(mark, "listening");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") continue;
      throw error;
    }
    return { prefix, [Symbol.asyncDispose]: () => new Promise((closed) => mark.close(() => closed())) };
  }
  throw new Error(`every subnet of ${network} is taken`);
}
