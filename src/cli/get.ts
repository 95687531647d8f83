import { dump } from "js-yaml";
import type { ObjectAnswer, ObjectsAnswer } from "#api/answers.ts";
import type { ObjectSummary } from "#api/ports/objects.ts";
import { formatProblem } from "#lib/problem.ts";
import { type CliContext, CommandError } from "./context.ts";
import { parseKind } from "./kind-words.ts";
import { reachApi, type ReachFlags } from "./reach-api.ts";
import { formatAge, formatTable } from "./table.ts";

export interface GetFlags extends ReachFlags {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly output: "table" | "wide" | "yaml" | "json" | "name";
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
    context.stdout.write(tables(found, { wide: flags.output === "wide", kindInName: kind === undefined }));
  }
  return 0;
}

interface TableForm {
  readonly wide: boolean;
  /** `service/cart`, as kubectl has it where several kinds are listed. */
  readonly kindInName: boolean;
}

/** One table a kind: columns differ. */
function tables(objects: readonly ObjectSummary[], form: TableForm): string {
  return [...Map.groupBy(objects, ({ ref }) => ref.kind)].map(([, members]) => table(members, form)).join("\n");
}

function table(objects: readonly ObjectSummary[], { wide, kindInName }: TableForm): string {
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
    const { ref, createdAt, problems, origin } = object;
    return [
      ...(namespaced ? [ref.namespace] : []),
      kindInName ? `${ref.kind.toLowerCase()}/${ref.name}` : ref.name,
      ...columns.map((column) => object.columns[column] ?? ""),
      statusWord(object),
      createdAt === undefined ? "<unknown>" : formatAge(now - Date.parse(createdAt)),
      ...(wide
        ? [
            `${origin.file}${origin.line === undefined ? "" : `:${origin.line}`}`,
            problems.map(({ reason }) => reason).join(","),
          ]
        : []),
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
