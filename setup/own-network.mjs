// Tests whose addresses are not loopback's run in a network namespace of their own.
import { spawnSync } from "node:child_process";

/**
 * The command, in a network namespace in which every address of `network` is this machine's: nothing in it can be reached from outside
 * or reach outside. Where none can be made, it runs in ours, and what needs those addresses fails with words.
 */
export function inNetworkOfItsOwn(network, command) {
  const prepare = `ip link set lo up && ip route add local ${network} dev lo && BINNACLE_POD_NETWORK=${network}`;
  for (const flags of ["-n", "-rn"]) {
    const enter = [flags, "sh", "-c", `${prepare} exec "$@"`, "sh"];
    if (spawnSync("unshare", [...enter, "true"]).status === 0) return ["unshare", ...enter, ...command];
  }
  process.stderr.write(
    `binnacle: no network namespace can be made here: tests that need addresses of ${network} will fail\n`,
  );
  return command;
}
