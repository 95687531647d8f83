import { dump } from "js-yaml";
import type { ObjectAnswer, ObjectsAnswer } from "#api/answers.ts";
import type { ObjectSummary } from "#api/ports/objects.ts";
import { formatProblem } from "#lib/problem.ts";
import { KINDS, type Kind } from "#resources/ref.ts";
import { type CliContext, CommandError } from "./context.ts";
import { reachApi, type ReachFlags } from "./reach-api.ts";
import { formatAge, formatTable } from "./table.ts";

export const GET_OUTPUTS = ["table", "wide", "yaml", "json", "name"] as const;

export interface GetFlags extends ReachFlags {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly output: (typeof GET_OUTPUTS)[number];
}

/** `binnacle get KIND [NAME]`: objects and what became of them, in kubectl's form. */
export async function get(
  kindWord: string,
  name: string | undefined,
  { allNamespaces = false, ...flags }: GetFlags,
  context: CliContext,
): Promise<number> {
  const namespace = allNamespaces ? undefined : flags.namespace;
  const kind = parseKind(kindWord);
  const client = await reachApi(flags, context);
  const query = new URLSearchParams({
    ...(kind === undefined ? {} : { kind }),
    ...(namespace === undefined ? {} : { namespace }),
  });
  const { objects } = await client.get<ObjectsAnswer>(`/objects?${query.toString()}`);
  const found = name === undefined ? objects : objects.filter(({ ref }) => ref.name === name);
  if (name !== undefined && found.length === 0) {
    const where = namespace === undefined ? "" : ` in namespace ${namespace}`;
    throw new CommandError(
      `${kind ?? "object"} ${name} not found${where}`,
      `list what there is with \`binnacle get ${kindWord}\``,
    );
  }
  if (flags.output === "name") {
    context.stdout.write(found.map(({ ref }) => `${ref.kind.toLowerCase()}/${ref.name}\n`).join(""));
  } else if (flags.output === "yaml" || flags.output === "json") {
    const details = await Promise.all(
      found.map(({ ref }) => client.get<ObjectAnswer>(`/objects/${ref.kind}/${ref.namespace || "-"}/${ref.name}`)),
    );
    context.stdout.write(formatDetails(details.map(document), flags.output, name !== undefined));
  } else if (found.length === 0) {
    context.stderr.write(
      namespace === undefined ? "No resources found\n" : `No resources found in ${namespace} namespace.\n`,
    );
  } else {
    context.stdout.write(tables(found, flags.output === "wide"));
  }
  return 0;
}

const NAMES: Readonly<Record<Kind, readonly string[]>> = {
  Namespace: ["namespaces", "namespace", "ns"],
  Service: ["services", "service", "svc"],
  EndpointSlice: ["endpointslices", "endpointslice"],
  Endpoints: ["endpoints", "ep"],
  Secret: ["secrets", "secret"],
  IngressClass: ["ingressclasses", "ingressclass"],
  Ingress: ["ingresses", "ingress", "ing"],
  HTTPProxy: ["httpproxies", "httpproxy", "proxies", "proxy"],
  TLSCertificateDelegation: ["tlscertificatedelegations", "tlscertificatedelegation", "tlscerts"],
  ExtensionService: ["extensionservices", "extensionservice", "extsvc"],
  IngressRoute: ["ingressroutes", "ingressroute", "ir"],
};

/** The words for kinds, as kubectl lists them. */
export const KIND_WORDS: readonly string[] = KINDS.map((kind) => NAMES[kind][0] ?? kind);

/** Kinds as kubectl takes them: singular, plural, short. `all` is every kind. */
export function parseKind(word: string): Kind | undefined {
  const lower = word.toLowerCase();
  if (lower === "all") return undefined;
  const kind = KINDS.find((candidate) => NAMES[candidate].includes(lower));
  if (kind === undefined) {
    throw new CommandError(`there is no kind ${word}`, `use one of ${KIND_WORDS.join(", ")}, all`);
  }
  return kind;
}

/** One table a kind: columns differ. */
function tables(objects: readonly ObjectSummary[], wide: boolean): string {
  return [...Map.groupBy(objects, ({ ref }) => ref.kind)].map(([, members]) => table(members, wide)).join("\n");
}

function table(objects: readonly ObjectSummary[], wide: boolean): string {
  const namespaced = objects.some(({ ref }) => ref.namespace !== "");
  const columns = Object.keys(objects.find(({ inUse }) => inUse !== "none")?.columns ?? {});
  const headings = [
    ...(namespaced ? ["NAMESPACE"] : []),
    "NAME",
    ...columns,
    "STATUS",
    "AGE",
    ...(wide ? ["ORIGIN", "PROBLEMS"] : []),
  ];
  const now = Date.now();
  const rows = objects.map((object) => {
    const { ref, createdAt, problems } = object;
    const origin = problems[0]?.origin;
    return [
      ...(namespaced ? [ref.namespace] : []),
      ref.name,
      ...columns.map((column) => object.columns[column] ?? ""),
      statusWord(object),
      createdAt === undefined ? "<unknown>" : formatAge(now - Date.parse(createdAt)),
      ...(wide ? [origin?.file ?? "", problems.map(({ reason }) => reason).join(",")] : []),
    ];
  });
  return formatTable(headings, rows);
}

/** One word for how an object is. */
export function statusWord({ inUse, problems }: ObjectSummary): string {
  if (inUse === "none") return "Refused";
  if (inUse === "lastGood") return "LastGood";
  if (problems.some(({ severity }) => severity === "error")) return "Error";
  return problems.length > 0 ? "Warning" : "OK";
}

function document({ ref, object, inUse, problems, became }: ObjectAnswer): unknown {
  const form =
    typeof object === "object" && object !== null
      ? object
      : { kind: ref.kind, metadata: { name: ref.name, namespace: ref.namespace } };
  return {
    ...form,
    status: { binnacle: { inUse, became, problems: problems.map((problem) => formatProblem(problem)) } },
  };
}

function formatDetails(documents: readonly unknown[], output: "yaml" | "json", single: boolean): string {
  const [only] = documents;
  const shown = single && documents.length === 1 ? only : { apiVersion: "v1", kind: "List", items: documents };
  return output === "json" ? `${JSON.stringify(shown, undefined, 2)}\n` : dump(shown, { noRefs: true, lineWidth: 120 });
}
