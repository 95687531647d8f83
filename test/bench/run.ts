// npm run bench [-- [--json] [NAME...]]: measures what the README and the design claim. Correctness first, then time.
import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { errorMessage } from "#lib/error-message.ts";
import type { Benchmark, Result } from "./report.ts";

const BENCHMARKS: Readonly<Record<string, () => Promise<Benchmark>>> = {
  "change-cost": () => import("./change-cost.ts"),
  "first-load": () => import("./first-load.ts"),
  fuzz: () => import("./fuzz.ts"),
  "file-to-traffic": () => import("./file-to-traffic.ts"),
  "changes-under-load": () => import("./changes-under-load.ts"),
  "envoy-overhead": () => import("./envoy-overhead.ts"),
  "traffic-receiver": () => import("./traffic-receiver.ts"),
  discovery: () => import("./discovery.ts"),
  "openstack-scale": () => import("./openstack-scale.ts"),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, help: { type: "boolean", short: "h", default: false } },
});
const unknown = positionals.filter((name) => !Object.hasOwn(BENCHMARKS, name));
if (values.help || unknown.length > 0) {
  const words = unknown.length > 0 ? `there is no benchmark ${unknown.join(", ")}\n` : "";
  process.stdout.write(
    `${words}usage: npm run bench [-- [--json] [NAME...]]\nbenchmarks: ${Object.keys(BENCHMARKS).join(", ")}\n`,
  );
  process.exit(values.help ? 0 : 2);
}

const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
const machine = `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
if (!values.json) process.stdout.write(`commit ${commit} on ${machine}\n`);

let failed = false;
for (const [name, load] of Object.entries(BENCHMARKS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  if (!values.json) process.stdout.write(`\n${name}\n`);
  try {
    const benchmark = await load();
    await benchmark.run((result) => show(result));
  } catch (error) {
    failed = true;
    process.stderr.write(`${name} failed: ${errorMessage(error)}\n`);
  }
}
process.exitCode = failed ? 1 : 0;

function show(result: Result): void {
  if (result.holds === false) failed = true;
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ ...result, commit, machine })}\n`);
    return;
  }
  const gate =
    result.gate === undefined ? "" : `${result.gate.padEnd(10)} ${result.holds === true ? "holds" : "DOES NOT HOLD"}`;
  const value = `${Number(result.value.toPrecision(4))} ${result.unit}`;
  process.stdout.write(`  ${result.name.padEnd(66)} ${value.padEnd(18)} ${gate}`.trimEnd().concat("\n"));
}
