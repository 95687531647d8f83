// The console over an invented appliance, to work on it: node test/browser/simulated/serve.ts [PORT]
import { randomBytes } from "node:crypto";
import { temporaryDirectory } from "../../integration/support/temp-dir.ts";
import { startSimulatedAlertmanager } from "./simulated-alertmanager.ts";
import { SimulatedTraffic } from "./simulated-traffic.ts";
import { startSimulated } from "./start-simulated.ts";

await using directory = await temporaryDirectory("console");
await using alertmanager = await startSimulatedAlertmanager();
const traffic = new SimulatedTraffic(1);
await using api = await startSimulated(directory.path, randomBytes(32).toString("base64url"), {
  port: Number(process.argv[2] ?? 0),
  traffic,
  monitoring: { alertmanager: { url: () => alertmanager.url } },
});
const timer = setInterval(() => traffic.advance(), 200);
process.stdout.write(`${api.mintSignInLink().url}\n`);
await new Promise((resolve) => process.once("SIGINT", resolve).once("SIGTERM", resolve));
clearInterval(timer);
