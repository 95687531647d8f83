import { dump } from "js-yaml";
import type { ObjectAnswer, ObjectsAnswer } from "#api/answers.ts";
import type { ObjectSummary } from "#api/ports/objects.ts";
import { compareText } from "#lib/compare.ts";
import { nearest } from "#lib/nearest.ts";
import { formatProblem } from "#lib/problem.ts";
import type { Kind } from "#resources/ref.ts";
import type { ApiClient } from "./api-client.ts";
import { type CliContext, CommandError } from "./context.ts";
import { kindWord } from "./kind-words.ts";
import { reachApi, type ReachFlags } from "./reach-api.ts";
import { formatAge, formatTable } from "./table.ts";
import { wantedObjects } from "./wanted-objects.ts";

export interface GetFlags extends ReachFlags {
  /** All, unless given. */
  readonly namespace?: readonly string[];
  readonly allNamespaces?: boolean;
  readonly output: "table" | "wide" | "yaml" | "json" | "name";
}

/** How many objects are asked for at the same time: each is a request. */
const ASKED_TOGETHER = 32;

/** `binnacle get KIND [NAME]`: objects and what became of them, in kubectl's form. Exit code 1 where a name is not found. */
export async function get(
  what: string,
  names: readonly string[],
  flags: GetFlags,
  context: CliContext,
): Promise<number> {
  const namespaces = flags.allNamespaces === true ? undefined : flags.namespace;
  const wanted = wantedObjects(what, names);
  const client = await reachApi(flags, context);
  const found: ObjectSummary[] = [];
  const missing: string[] = [];
  for (const { kind, names: among } of wanted) {
    const objects = await objectsOf(kind, namespaces, client);
    found.push(...objects.filter(({ ref }) => among === undefined || among.includes(ref.name)));
    for (const name of among ?? []) {
      if (objects.some(({ ref }) => ref.name === name)) continue;
      const meant = nearest(
        name,
        objects.map(({ ref }) => ref.name),
      );
      missing.push(`${kind ?? "object"} ${name}${meant === undefined ? "" : ` (did you mean ${meant}?)`}`);
    }
  }
  const isSingle = found.length === 1 && wanted.every((one) => one.names?.length === 1) && wanted.length === 1;
  const isMixed = wanted.length > 1 || wanted.some(({ kind }) => kind === undefined);
  const kinds = [...new Set(wanted.map(({ kind }) => (kind === undefined ? "all" : kindWord(kind))))].join(",");
  const where = namespaces === undefined ? "" : ` in namespace ${namespaces.join(", ")}`;
  if (flags.output === "name") {
    context.stdout.write(found.map(({ ref }) => `${ref.kind.toLowerCase()}/${ref.name}\n`).join(""));
  } else if (flags.output === "yaml" || flags.output === "json") {
    if (missing.length === 0 || found.length > 0) {
      context.stdout.write(formatDetails(await documentsOf(found, client), flags.output, isSingle));
    }
  } else if (found.length > 0) {
    context.stdout.write(tables(found, { wide: flags.output === "wide", kindInName: isMixed }));
  } else if (missing.length === 0) {
    context.stderr.write(`no ${kinds === "all" ? "objects" : kinds} found${where}\n`);
  }
  if (missing.length === 0) return 0;
  throw new CommandError(
    `not found${where}: ${missing.join(", ")}`,
    `list what there is with \`binnacle get ${kinds}\``,
  );
}

async function objectsOf(
  kind: Kind | undefined,
  namespaces: readonly string[] | undefined,
  client: ApiClient,
): Promise<readonly ObjectSummary[]> {
  const among = namespaces === undefined ? [undefined] : [...new Set(namespaces)].sort(compareText);
  const answers = await Promise.all(
    among.map((namespace) => {
      const query = new URLSearchParams({
        ...(kind === undefined ? {} : { kind }),
        ...(namespace === undefined ? {} : { namespace }),
      });
      return client.get<ObjectsAnswer>(`/objects?${query.toString()}`);
    }),
  );
  return answers.flatMap(({ objects }) => objects);
}

async function documentsOf(objects: readonly ObjectSummary[], client: ApiClient): Promise<readonly unknown[]> {
  const documents: unknown[] = [];
  for (let start = 0; start < objects.length; start += ASKED_TOGETHER) {
    const together = objects.slice(start, start + ASKED_TOGETHER);
    const details = await Promise.all(
      together.map(({ ref }) => client.get<ObjectAnswer>(`/objects/${ref.kind}/${ref.namespace || "-"}/${ref.name}`)),
    );
    documents.push(...details.map(document));
  }
  return documents;
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
  const shown = single ? only : { apiVersion: "v1", kind: "List", items: documents };
  return output === "json" ? `${JSON.stringify(shown, undefined, 2)}\n` : dump(shown, { noRefs: true, lineWidth: 120 });
}
