import { join } from "node:path";
import { suite } from "node:test";
import { questionOf } from "#cli/explain.ts";
import { explanationText } from "#cli/explain-text.ts";
import { validate } from "#resources/validate.ts";
import type { GatewaySettings } from "#translate/gateway-settings.ts";
import type { TranslateSettings } from "#translate/settings.ts";
import { explainView } from "../../src/views/explain.ts";
import { GoldenPairs } from "./golden-pairs.ts";
import { goldenTests } from "./golden.ts";
import { GOLDEN_SETTINGS } from "./translation.ts";
import { controlPlaneForTests } from "../../src/main/control-plane-for-tests.ts";

/**
 * The first document of a case: the requests, as arguments of `binnacle explain`, what backends are reached through, and whether the
 * listener of TLS speaks HTTP/3.
 */
interface Asked {
  readonly gateways?: Readonly<Record<string, GatewaySettings>>;
  readonly http3?: true;
  readonly explain: readonly {
    readonly address: string;
    readonly header?: readonly string[];
    readonly method?: string;
    readonly https?: boolean;
    /** The namespaces that the asker sees; all unless given. */
    readonly sees?: readonly string[];
  }[];
}

suite("what `binnacle explain` says", () => goldenTests(join(import.meta.dirname, "explain"), explained, 2));

const WITH_HTTP3: TranslateSettings = {
  ...GOLDEN_SETTINGS,
  listeners: GOLDEN_SETTINGS.listeners.map((listener) =>
    listener.protocol === "https" ? { ...listener, http3: { advertisedPort: 8443 } } : listener,
  ),
};

function explained([first, ...documents]: readonly unknown[]): Readonly<Record<string, readonly string[]>> {
  const controlPlane = controlPlaneForTests({
    translate: (first as Asked).http3 === undefined ? GOLDEN_SETTINGS : WITH_HTTP3,
    now: () => 0,
  });
  const pairs = new GoldenPairs();
  const changes = documents.map((document, index) => {
    const checked = validate(pairs.fill(document), { unknownFields: "error" });
    if (checked.type !== "accepted") throw new Error(`document ${index + 1}: ${JSON.stringify(checked)}`);
    return { type: "put", object: checked.object, origin: { file: "in.yaml", line: index + 1 } } as const;
  });
  for (const [backend, gateway] of Object.entries((first as Asked).gateways ?? {}))
    controlPlane.setGateway(backend, gateway);
  controlPlane.store.apply(changes);
  controlPlane.translateNow();
  const view = explainView(controlPlane.store, controlPlane.translator);
  const told = (first as Asked).explain.map(({ address, method = "GET", sees, ...flags }) => {
    const question = questionOf(address, { method, ...flags });
    const found = view.explain(question, (namespace) => sees?.includes(namespace) ?? true);
    const text = found === undefined ? "not yours" : explanationText(question, found, false);
    const asked = [address, ...(flags.header ?? []), ...(sees === undefined ? [] : [`as ${sees.join()}`])].join(" ");
    return [asked, text.trimEnd().split("\n")] as const;
  });
  return Object.fromEntries(told);
}
