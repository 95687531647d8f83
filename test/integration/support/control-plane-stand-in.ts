// What a control plane is to its Envoy: starts it, says so, and stays until it is killed. argv: StaticEnvoySettings as JSON.
import { EnvoyProcess } from "#envoy/process.ts";
import { staticEnvoy, type StaticEnvoySettings } from "./static-envoy.ts";

const settings: StaticEnvoySettings = JSON.parse(process.argv[2] ?? "");
const { options } = await staticEnvoy(settings);
const envoy = new EnvoyProcess(options);
const how = await envoy.start();
await envoy.whenLive(AbortSignal.timeout(60_000));
process.stdout.write(`${JSON.stringify({ how, state: envoy.state })}\n`);
setInterval(() => {}, 60_000);
