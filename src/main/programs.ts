import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The programs that the appliance runs. Set-up names them by environment variables; only Envoy is needed. */
export interface Programs {
  readonly envoy: string;
  readonly prometheus: string | undefined;
  readonly alertmanager: string | undefined;
  readonly nodeExporter: string | undefined;
  readonly grafana: string | undefined;
  readonly jsonnet: string | undefined;
}

/** Reads the variables. Throws when Envoy is not named. */
export function programsOf(env: Readonly<Record<string, string | undefined>>): Programs {
  const named = (variable: string): string | undefined => env[variable] || undefined;
  const envoy = named("BINNACLE_ENVOY");
  if (envoy === undefined)
    throw new Error("BINNACLE_ENVOY does not name Envoy's program; start by `npm run up`, which does the set-up");
  return {
    envoy,
    prometheus: named("BINNACLE_PROMETHEUS"),
    alertmanager: named("BINNACLE_ALERTMANAGER"),
    nodeExporter: named("BINNACLE_NODE_EXPORTER"),
    grafana: named("BINNACLE_GRAFANA") ?? onPath("grafana", env["PATH"] ?? ""),
    jsonnet: named("BINNACLE_JSONNET"),
  };
}

function onPath(program: string, path: string): string | undefined {
  const candidates = path.split(delimiter).map((folder) => join(folder, program));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
