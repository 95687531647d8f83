// What a control plane is to its children: starts Prometheus, says so, and stays until it is killed. argv: folder, port.
import { silentLogger } from "#lib/log.ts";
import { Child } from "#supervisor/child.ts";
import { prometheusChild } from "./prometheus-child.ts";

const [directory = "", port = ""] = process.argv.slice(2);
const child = new Child(prometheusChild(directory, Number(port)), { directory, logger: silentLogger });
await child.start();
process.stdout.write(`${JSON.stringify(child.state)}\n`);
setInterval(() => {}, 60_000);
