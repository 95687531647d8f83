import { compareText } from "#lib/compare.ts";
import type { Problem } from "#lib/problem.ts";
import { formatRef } from "#resources/ref.ts";
import { refOf } from "#resources/resource.ts";
import { validate } from "#resources/validate.ts";
import type { SourceChange } from "#store/changes.ts";
import type { GatewaySettings } from "#translate/gateway-settings.ts";
import type { IrItem } from "#translate/ir.ts";
import type { IrRoute } from "#translate/ir-route.ts";
import type { ListenerSettings, TranslateSettings } from "#translate/settings.ts";
import type { ControlPlane } from "../../src/control-plane.ts";
import { GoldenPairs } from "./golden-pairs.ts";
import { controlPlaneForTests } from "../../src/main/control-plane-for-tests.ts";

/** What a translation's golden file shows. */
export interface Translation {
  /** What validation said, by document. */
  readonly invalid?: Readonly<Record<string, readonly string[]>>;
  readonly warnings?: Readonly<Record<string, readonly string[]>>;
  /** The verdicts of translation, by object: what `binnacle get` shows of it. */
  readonly status?: Readonly<Record<string, readonly string[]>>;
  /** Without those that stand without any object (listeners and route tables), unless the case sets its own listeners. */
  readonly items: readonly unknown[];
}

interface Wishes {
  /** What DNS says of a name: addresses, or a failure in words; the others have yet to be answered. */
  readonly names?: Readonly<Record<string, readonly string[] | string>>;
  /** Secrets that are deleted once all was translated. */
  readonly gone?: readonly { readonly namespace: string; readonly name: string }[];
  /** Objects that come then, in place of those of the same name. */
  readonly later?: readonly unknown[];
  /** What backends are reached through. */
  readonly gateways?: Readonly<Record<string, GatewaySettings>>;
  readonly settings?: Partial<Omit<TranslateSettings, "listeners">> & {
    readonly listeners?: readonly Partial<ListenerSettings>[];
  };
}

type Names = NonNullable<Wishes["names"]>;

const LISTENER = { address: "0.0.0.0", proxyProtocol: false, trustedHops: 0, service: undefined } as const;

export const GOLDEN_SETTINGS: TranslateSettings = {
  listeners: [
    { ...LISTENER, name: "http", port: 80, protocol: "http" },
    { ...LISTENER, name: "https", port: 443, protocol: "https" },
  ],
  ingressClass: "binnacle",
  claimUnclassed: true,
  httpsRedirect: true,
  proxies: { rootNamespaces: [], permitInsecure: true },
  tls: { minimumVersion: "1.2", maximumVersion: "1.3" },
  requestTimeout: 15_000,
  connectTimeout: 2_000,
  upstreams: { allowLocal: [], ownAddresses: ["192.0.2.1"], externalName: true },
};

/**
 * Translates the documents of a case. A first document `settings: …`, `names: …` or `gateways: …` changes the settings, says what DNS knows, or what backends are reached through; `gone: …` and
 * `later: …` say what is deleted, and what comes, once the rest was translated. In a Secret, the text
 * `certificate NAME` or `key NAME` stands for a certificate made for the run, and comes out under the same name.
 */
export function translate(documents: readonly unknown[]): Translation {
  const [first, ...rest] = documents;
  const hasSettings = typeof first === "object" && first !== null && ["settings", "names", "gateways", "gone", "later"].some((key) => key in first);
  const names = hasSettings ? ((first as Wishes).names ?? {}) : {};
  const gateways = hasSettings ? ((first as Wishes).gateways ?? {}) : {};
  const wishes: Wishes["settings"] = hasSettings ? ((first as Wishes).settings ?? {}) : {};
  const listeners = wishes.listeners?.map((listener): ListenerSettings => ({
    name: "more",
    port: 0,
    protocol: "tcp",
    ...LISTENER,
    ...listener,
  }));
  const settings = { ...GOLDEN_SETTINGS, ...wishes, listeners: listeners ?? GOLDEN_SETTINGS.listeners };
  const pairs = new GoldenPairs();
  const invalid: Record<string, readonly string[]> = {};
  const warnings: Record<string, readonly string[]> = {};
  const changeOf = (document: unknown): readonly SourceChange[] => {
    const checked = validate(pairs.fill(document), { unknownFields: "error" });
    if (checked.type === "accepted") {
      const { object } = checked;
      if (checked.warnings.length > 0) warnings[formatRef(refOf(object))] = checked.warnings.map(problemLine);
      return [{ type: "put", object, origin: { file: "in.yaml" } }];
    }
    if (checked.type === "skipped") throw new Error(`${checked.kind} is not read`);
    invalid[checked.ref === undefined ? "?" : formatRef(checked.ref)] = checked.problems.map(problemLine);
    return [];
  };
  const changes = (hasSettings ? rest : documents).flatMap(changeOf);
  const controlPlane = translated(settings, changes, names, gateways);
  const { translator, store } = controlPlane;
  const changed: Pick<Wishes, "gone" | "later"> = hasSettings ? first : {};
  const { gone = [], later = [] } = changed;
  if (gone.length > 0 || later.length > 0) {
    const deletions = gone.map((name): SourceChange => ({ type: "delete", ref: { kind: "Secret", ...name } }));
    store.apply([...deletions, ...later.flatMap(changeOf)]);
    controlPlane.translateNow();
  }
  const refs = new Map([...translator.eachVerdict()].map(({ ref }) => [formatRef(ref), ref]));
  for (const [name, ref] of refs)
    if (store.state(ref) === undefined && ref.kind !== "Service" && ref.kind !== "ExtensionService")
      throw new Error(`a verdict about ${name}, which does not stand`);
  const status = [...refs]
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, ref]) => [name, verdictLines(translator.verdicts(ref))] as const);
  const always = new Set(
    listeners === undefined
      ? translated(settings, [], {}, {})
          .translator.items()
          .map(({ item }) => JSON.stringify(item))
      : [],
  );
  return {
    ...(Object.keys(invalid).length === 0 ? {} : { invalid }),
    ...(Object.keys(warnings).length === 0 ? {} : { warnings }),
    ...(status.length === 0 ? {} : { status: Object.fromEntries(status) }),
    items: translator
      .items()
      .filter(({ item }) => !always.has(JSON.stringify(item)))
      .map(({ item, sources }) => ({ ...itemView(item, pairs), from: sources.map(({ ref }) => formatRef(ref)) })),
  };
}

function translated(
  settings: TranslateSettings,
  changes: readonly SourceChange[],
  names: Names,
  gateways: NonNullable<Wishes["gateways"]>,
): ControlPlane {
  const controlPlane = controlPlaneForTests({
    translate: settings,
    now: () => Date.parse("2026-01-01T00:00:00Z"),
  });
  controlPlane.listen({
    wanted: (wanted) => {
      for (const [host, said] of Object.entries(names)) {
        if (!wanted.has(host)) throw new Error(`nobody wants to know ${host}`);
        controlPlane.resolved(host, typeof said === "string" ? { addresses: undefined, failure: said } : { addresses: said });
      }
    },
  });
  for (const [backend, gateway] of Object.entries(gateways)) controlPlane.setGateway(backend, gateway);
  controlPlane.store.apply(changes);
  controlPlane.translateNow();
  controlPlane.translateNow();
  return controlPlane;
}

/** An item as the file shows it: owners as people write them, certificates by name. */
function itemView(item: IrItem, pairs: GoldenPairs): object {
  if (item.type === "certificate") {
    return {
      ...item,
      chain: pairs.nameOf(item.chain),
      privateKey: pairs.nameOf(item.privateKey),
      secret: formatRef(item.secret),
      notAfter: "as the certificate says",
    };
  }
  if (item.type === "cluster" && item.verify !== undefined) {
    return { ...item, verify: { ...item.verify, authorities: pairs.nameOf(item.verify.authorities.trim()) } };
  }
  if (item.type === "clientValidation" && item.authorities !== undefined) {
    return { ...item, authorities: pairs.nameOf(item.authorities.trim()) };
  }
  if (item.type !== "virtualHost") return item;
  const shown = (routes: readonly IrRoute[]): readonly object[] =>
    routes.map((route) => ({ ...route, owner: route.owner && formatRef(route.owner) }));
  return {
    ...item,
    routes: shown(item.routes),
    ...(item.beyond === undefined ? {} : { beyond: shown(item.beyond) }),
  };
}

function verdictLines(
  verdicts: readonly { severity: string; type?: string; reason: string; path: string; message: string; fix?: string }[],
): string[] {
  return verdicts.map(({ severity, type, reason, path, message, fix }) =>
    problemText(`${severity} ${type === undefined ? "" : `${type} `}${reason}`, path, message, fix),
  );
}

function problemLine({ severity, path, message, fix }: Problem): string {
  return problemText(severity, path, message, fix);
}

function problemText(kind: string, path: string, message: string, fix: string | undefined): string {
  return `${kind}: ${path === "" ? "" : `${path}: `}${message}${fix === undefined ? "" : `; ${fix}`}`;
}
