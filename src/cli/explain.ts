import { dump } from "js-yaml";
import type { Explanation, ExplainQuestion } from "#api/ports/explain.ts";
import { translateManifests } from "../main/translate-manifests.ts";
import { explainView } from "../views/explain.ts";
import type { ApiClient } from "./api-client.ts";
import { type CliContext, UsageError } from "./context.ts";
import { liveComparison, type LiveComparison } from "./explain-live.ts";
import { explanationText, liveText } from "./explain-text.ts";
import { requireSome, tellProblems, wholeManifests } from "./given-manifests.ts";
import { type LocationFlags, readConfig } from "./locations.ts";
import { reachApi, type ReachFlags } from "./reach-api.ts";

export interface ExplainFlags extends ReachFlags, LocationFlags {
  /** `name=value` or `name: value`. */
  readonly header?: readonly string[];
  readonly method: string;
  readonly https?: boolean;
  readonly listener?: string;
  readonly sni?: string;
  /** Explains these manifests, and asks no appliance. */
  readonly files?: readonly string[];
  readonly live?: boolean;
  readonly all?: boolean;
  readonly output: "text" | "json" | "yaml";
}

/**
 * `binnacle explain HOST[/PATH]`: which object and rule win, which lose and why, what happens to the request, and who gets it.
 * Exit code 1 when a live request did not do as predicted.
 */
export async function explain(address: string, flags: ExplainFlags, context: CliContext): Promise<number> {
  const question = questionOf(address, flags);
  if (flags.files !== undefined && flags.live === true) {
    throw new UsageError("--live needs an appliance, and --files asks none", "leave out one of the two");
  }
  if (flags.files !== undefined) {
    const { config } = await readConfig(flags, context);
    const given = await wholeManifests(flags.files, context);
    requireSome(given, flags.files);
    const { controlPlane, read } = await translateManifests(given, config);
    tellProblems(read.problems, context);
    const found = explainView(controlPlane.store, controlPlane.translator).explain(question, () => true);
    if (found === undefined) throw new Error("who sees every namespace sees every route");
    return show(question, found, undefined, flags, context);
  }
  const client = await reachApi(flags, context);
  const found = await client.post<Explanation>("/explain", question);
  const live = flags.live === true ? await compared(question, found, client, context) : undefined;
  return show(question, found, live, flags, context);
}

function compared(
  question: ExplainQuestion,
  found: Explanation,
  client: ApiClient,
  { signal }: CliContext,
): Promise<LiveComparison> {
  return liveComparison(question, found, client, signal);
}

function show(
  question: ExplainQuestion,
  found: Explanation,
  live: LiveComparison | undefined,
  { output, all = false }: ExplainFlags,
  { stdout }: CliContext,
): number {
  const whole = { request: question, ...found, ...(live === undefined ? {} : { live }) };
  if (output === "json") stdout.write(`${JSON.stringify(whole, undefined, 2)}\n`);
  else if (output === "yaml") stdout.write(dump(whole, { noRefs: true, lineWidth: 120 }));
  else stdout.write(explanationText(question, found, all) + (live === undefined ? "" : liveText(live)));
  return live === undefined || live.differences.length === 0 ? 0 : 1;
}

/** `shop.localhost/cart`, `https://shop.localhost:8443/cart?x=1`. */
export function questionOf(
  address: string,
  {
    header = [],
    method,
    https = false,
    listener,
    sni,
  }: Pick<ExplainFlags, "header" | "method" | "https" | "listener" | "sni">,
): ExplainQuestion {
  const parts = /^(?:(https?):\/\/)?([^/?#\s]+)([/?][^#\s]*)?$/i.exec(address);
  const [, scheme, authority, path = "/"] = parts ?? [];
  if (authority === undefined || !URL.canParse(`http://${authority}`)) {
    throw new UsageError(
      `${JSON.stringify(address)} is no address`,
      "write HOST/PATH, for instance shop.localhost/cart",
    );
  }
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(method)) {
    throw new UsageError(`${JSON.stringify(method)} is no method`, "write one such as POST");
  }
  return {
    secure: https || scheme?.toLowerCase() === "https",
    method: method.toUpperCase(),
    authority,
    target: path.startsWith("/") ? path : `/${path}`,
    headers: header.map(headerOf),
    ...(listener === undefined ? {} : { listener }),
    ...(sni === undefined ? {} : { serverName: sni }),
  };
}

function headerOf(text: string): readonly [name: string, value: string] {
  const [, name, value] = /^([\w!#$%&'*+.^`|~-]+)(?:=|:\s*)(.*)$/s.exec(text) ?? [];
  if (name?.toLowerCase() === "host") {
    throw new UsageError("the host stands in the address", "write HOST/PATH, with the host that the request names");
  }
  if (name !== undefined && value !== undefined) return [name, value];
  throw new UsageError(`${JSON.stringify(text)} is no header`, "write --header NAME=VALUE, for instance x-canary=yes");
}
