import { accessSync, constants } from "node:fs";

/** The variables by which `npm test` names the real components. */
export type BinaryVariable =
  | "BINNACLE_ALERTMANAGER"
  | "BINNACLE_AMTOOL"
  | "BINNACLE_ENVOY"
  | "BINNACLE_JSONNET"
  | "BINNACLE_NODE_EXPORTER"
  | "BINNACLE_OAUTH2_PROXY"
  | "BINNACLE_OPA_ENVOY"
  | "BINNACLE_PEBBLE"
  | "BINNACLE_PROMETHEUS"
  | "BINNACLE_PROMTOOL"
  | "BINNACLE_RATELIMIT";

/** The path of a real component. Throws when the variable is not set or names no executable: such a test never skips. */
export function requiredBinary(variable: BinaryVariable): string {
  const path = process.env[variable];
  if (path === undefined || path === "") {
    throw new Error(
      `${variable} is not set; run this test by "npm test" (by "npm run test:partners" where it is of test/partners), which finds or fetches the component`,
    );
  }
  try {
    accessSync(path, constants.X_OK);
  } catch (cause) {
    throw new Error(`${variable}=${path} is not an executable file`, { cause });
  }
  return path;
}
