import { join } from "node:path";
import { suite } from "node:test";
import { dump } from "js-yaml";
import { planText } from "#cli/diff-text.ts";
import { defaultConfig } from "#config/load-config.ts";
import { validate } from "#resources/validate.ts";
import { planChanges } from "../../src/main/plan-changes.ts";
import { translateSettings } from "../../src/main/translate-settings.ts";
import { goldenTests } from "./golden.ts";
import { controlPlaneForTests } from "../../src/main/control-plane-for-tests.ts";

/** A case's one document: what stands, what is asked for, and who asks. */
interface Case {
  readonly stands: readonly unknown[];
  readonly files: readonly unknown[];
  readonly prune?: boolean;
  /** The namespaces that the asker sees; all unless given. */
  readonly sees?: readonly string[];
}

suite("what `binnacle diff` says", () => goldenTests(join(import.meta.dirname, "diff"), planned, 2));

async function planned(documents: readonly unknown[]): Promise<Readonly<Record<string, unknown>>> {
  const told = await Promise.all(documents.map((document) => one(document as Case)));
  return Object.fromEntries(told.map((lines, index) => [`case ${index + 1}`, lines]));
}

async function one({ stands, files, prune = false, sees }: Case): Promise<readonly string[]> {
  const config = defaultConfig();
  const { store } = controlPlaneForTests({
    translate: translateSettings(config, []),
    now: () => Date.parse("2026-01-01T00:00:00Z"),
  });
  store.apply(
    stands.map((document) => {
      const checked = validate(document, { unknownFields: "error" });
      if (checked.type !== "accepted") throw new Error(JSON.stringify(checked));
      return { type: "put", object: checked.object, origin: { file: "before.yaml" } } as const;
    }),
  );
  const now = (): number => Date.parse("2026-02-02T00:00:00Z");
  const view = planChanges({ config, ownAddresses: [], states: () => store.states(), now });
  const text = files.map((document) => dump(document)).join("---\n");
  const plan = await view.plan({ files: [{ name: "after.yaml", text }], prune }, sees === undefined ? "all" : new Set(sees));
  if ("foreign" in plan) return [`foreign: ${plan.foreign.name}`];
  return planText(plan).trimEnd().split("\n");
}
