// Counts what some changes cost homes of two sizes, as JSON: `[{ name, small, large, grown }]`. Run by change-work.test.ts.
import { CountedWork } from "./counted-work.ts";

const [SMALL, LARGE] = [60, 600];
const CHANGES = 3;

const work = await CountedWork.begin();
const { certificateSecrets } = await import("../../bench/secrets.ts");
const { guardedShape } = await import("../../bench/guarded-shape.ts");
const { ingressShape } = await import("../../bench/ingress-shape.ts");
const { MeasuredHome } = await import("../../bench/measured-home.ts");
const { hostChanges, serviceManifest } = await import("../../bench/shape.ts");
const { changesOf } = await import("./gateway.ts");

const secrets = certificateSecrets(Array.from({ length: 100 }, (_, team) => [`team-${team}`, "certificate"] as const));
const endpointOf = (service: string) => (index: number) =>
  changesOf(
    serviceManifest(`team-${index % 100}`, `${service}-${index}`, { addresses: ["10.9.9.9", `10.9.8.${index}`] }),
  );
const addedHost = (index: number) => hostChanges(ingressShape, 5_000 + index, 1, { tls: true });

const told = [];
for (const [name, shape, changeAt] of [
  ["an endpoint, beside hosts that share a route table", ingressShape, endpointOf("app")],
  ["an endpoint, beside hosts with a chain of their own", guardedShape, endpointOf("guarded")],
  ["an added host, beside hosts that share its route table", ingressShape, addedHost],
  ["an added host, beside hosts with a chain of their own", guardedShape, addedHost],
] as const) {
  const count = async (size: number): Promise<ReadonlyMap<string, number>> => {
    const home = new MeasuredHome([...secrets, ...hostChanges(shape, 0, size / shape.perHost)]);
    home.measure("the first", changeAt, CHANGES);
    await work.take();
    home.measure(name, (index) => changeAt(CHANGES + index), CHANGES);
    return work.take();
  };
  const [small, large] = [await count(SMALL), await count(LARGE)];
  const sum = (counts: ReadonlyMap<string, number>): number => counts.values().reduce((all, one) => all + one, 0);
  const grown = [...large]
    .filter(([key, times]) => times > (small.get(key) ?? 0))
    .map(([key, times]) => `${key}: ${times}`);
  told.push({ name, small: sum(small), large: sum(large), grown });
}
process.stdout.write(JSON.stringify(told));
