import { dump } from "js-yaml";
import type {
  BackendAnswer,
  BackendDetailAnswer,
  BackendsAnswer,
  DependentRoutesAnswer,
  FoundServicesAnswer,
  HeldConfirmedAnswer,
  RemovalAnswer,
} from "#api/answers.ts";
import { compareText } from "#lib/compare.ts";
import { counted } from "#lib/counted.ts";
import { formatDuration, parseDuration } from "#lib/duration.ts";
import { backendWords, routesTable } from "./backend-words.ts";
import { type CliContext, UsageError } from "./context.ts";
import { reachApi, type ReachFlags } from "./reach-api.ts";
import { formatAge, formatTable } from "./table.ts";

const NO_BACKENDS = "No backends: `backends` in binnacle.yaml names platforms to follow (docs/upstreams.md)";

export interface BackendsFlags extends ReachFlags {
  readonly output: "table" | "wide" | "yaml" | "json";
}

export interface FoundServicesFlags extends BackendsFlags {
  readonly namespace?: string;
  readonly backend?: string;
}

export interface RemovalFlags extends ReachFlags {
  readonly dryRun?: boolean;
  /** As in Go: `30s`. */
  readonly drainTime: string;
}

/** `binnacle backends list`: the platforms on which upstreams are found, and how much of them is here. */
export async function listBackends(flags: BackendsFlags, context: CliContext): Promise<number> {
  const { backends } = await (await reachApi(flags, context)).get<BackendsAnswer>("/backends");
  const now = Date.now();
  return print(backends, flags, context, (wide) => {
    const headings = ["NAME", "PLATFORM", "STATE", "SINCE", "SERVICES", "ENDPOINTS", "LAG", "HELD", "UNPLACED"];
    const rows = backends.map((backend) => [
      backend.name,
      backend.platform,
      backend.state,
      formatAge(now - backend.since),
      ...replicated(backend),
      backend.waitingSince === undefined ? "0s" : formatAge(now - backend.waitingSince),
      String(backend.heldServices),
      String(backend.unplacedServices),
      ...(wide
        ? [
            backend.lastSync === undefined ? "<never>" : formatAge(now - backend.lastSync),
            String(backend.problems.length),
            backend.failure?.message ?? "",
          ]
        : []),
    ]);
    return formatTable([...headings, ...(wide ? ["LAST SYNC", "PROBLEMS", "ERROR"] : [])], rows);
  });
}

/** `binnacle backends show NAME`: all about one, with the steps that it waits for. */
export async function showBackend(name: string, flags: BackendsFlags, context: CliContext): Promise<number> {
  const api = await reachApi(flags, context);
  const backend = await api.get<BackendDetailAnswer>(`/backends/${encodeURIComponent(name)}`);
  if (flags.output === "json" || flags.output === "yaml") context.stdout.write(documents(backend, flags.output));
  else context.stdout.write(backendWords(backend, Date.now()));
  return 0;
}

/** `binnacle backends teams`: by namespace, what each backend brings it. */
export async function listTeams(flags: FoundServicesFlags, context: CliContext): Promise<number> {
  const api = await reachApi(flags, context);
  const { backends } = await api.get<BackendsAnswer>("/backends");
  const details = await Promise.all(
    backends
      .filter(({ name }) => flags.backend === undefined || name === flags.backend)
      .map(({ name }) => api.get<BackendDetailAnswer>(`/backends/${encodeURIComponent(name)}`)),
  );
  const teams = details
    .flatMap(({ name, namespaces }) => namespaces.map((team) => ({ ...team, backend: name })))
    .filter(({ namespace }) => flags.namespace === undefined || namespace === flags.namespace)
    .sort((a, b) => compareText(a.namespace, b.namespace));
  return print(teams, flags, context, () =>
    formatTable(
      ["NAMESPACE", "BACKEND", "SERVICES", "ENDPOINTS", "HELD", "UNPLACED"],
      teams.map((team) => [
        team.namespace,
        team.backend,
        ...replicated(team),
        String(team.heldServices),
        String(team.unplacedServices),
      ]),
    ),
  );
}

/** `binnacle backends services [SERVICE]`: what was found, or one service on all backends that have it. */
export async function listFoundServices(
  service: string | undefined,
  flags: FoundServicesFlags,
  context: CliContext,
): Promise<number> {
  const { namespace, backend } = flags;
  const query = new URLSearchParams(
    Object.entries({ service, namespace, backend }).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  const api = await reachApi(flags, context);
  const { services } = await api.get<FoundServicesAnswer>(`/found-services?${query.toString()}`);
  return print(
    services,
    flags,
    context,
    (wide) =>
      formatTable(
        ["NAMESPACE", "SERVICE", "BACKEND", "NAME", "ENDPOINTS", "STATE", ...(wide ? ["UPSTREAM", "PROBLEMS"] : [])],
        // One logical service stands together, whatever backends have it.
        [...services]
          .sort((a, b) => compareText(a.namespace, b.namespace) || compareText(a.service, b.service))
          .map((found) => [
            found.namespace,
            found.service,
            found.backend,
            found.name,
            found.isUpstream ? `${found.endpoints}/${found.upstreamEndpoints}` : `${found.endpoints}/-`,
            found.state,
            ...(wide
              ? [`${found.scope}/${found.service}`, found.problems.map(({ message }) => message).join("; ")]
              : []),
          ]),
      ),
    "No services were found on backends",
  );
}

/** `binnacle backends confirm NAME`: what is held takes effect. */
export async function confirmBackend(name: string, flags: ReachFlags, context: CliContext): Promise<number> {
  const api = await reachApi(flags, context);
  const { services } = await api.post<HeldConfirmedAnswer>(`/backends/${encodeURIComponent(name)}/confirm`);
  context.stdout.write(
    services === 0
      ? `nothing of backend ${name} is held\n`
      : `${counted(services, "service")} of backend ${name} ${services === 1 ? "takes" : "take"} effect\n`,
  );
  return 0;
}

/** `binnacle backends remove NAME`: says which routes need it; unless it is a dry run, drains it and takes it away. */
export async function removeBackend(name: string, flags: RemovalFlags, context: CliContext): Promise<number> {
  const drain = parseDuration(flags.drainTime);
  if (drain === undefined || drain > 3_600_000) {
    throw new UsageError(`--drain-time ${flags.drainTime} is no time up to 1h`, "write it as 30s or 5m");
  }
  const api = await reachApi(flags, context);
  const path = `/backends/${encodeURIComponent(name)}`;
  if (flags.dryRun === true) {
    const { routes } = await api.get<DependentRoutesAnswer>(`${path}/routes`);
    context.stdout.write(`${routesTable(routes)}nothing was changed (dry run)\n`);
    return 0;
  }
  const { goneAt, routes } = await api.post<RemovalAnswer>(`${path}/remove`, {
    drainSeconds: Math.round(drain / 1000),
  });
  const left = Math.max(0, goneAt - Date.now());
  context.stdout.write(
    `${routesTable(routes)}backend ${name} is followed no more; its endpoints drain and are gone in ${formatDuration(Math.ceil(left / 1000) * 1000)}\n` +
      `take it back with \`binnacle backends restore ${name}\`, or take it out of the configuration as well\n`,
  );
  return 0;
}

/** `binnacle backends restore NAME`: takes a removal back. */
export async function restoreBackend(name: string, flags: ReachFlags, context: CliContext): Promise<number> {
  const api = await reachApi(flags, context);
  await api.post<undefined>(`/backends/${encodeURIComponent(name)}/restore`);
  context.stdout.write(`backend ${name} is followed\n`);
  return 0;
}

/** `here/upstream` of services and of endpoints. */
function replicated({ services, endpoints }: Pick<BackendAnswer, "services" | "endpoints">): readonly [string, string] {
  return [`${services.here}/${services.upstream}`, `${endpoints.here}/${endpoints.upstream}`];
}

function print(
  items: readonly unknown[],
  { output }: BackendsFlags,
  context: CliContext,
  table: (wide: boolean) => string,
  nothing = NO_BACKENDS,
): number {
  if (output === "json" || output === "yaml") context.stdout.write(documents(items, output));
  else if (items.length === 0) context.stderr.write(`${nothing}\n`);
  else context.stdout.write(table(output === "wide"));
  return 0;
}

function documents(value: unknown, output: "yaml" | "json"): string {
  return output === "json" ? `${JSON.stringify(value, undefined, 2)}\n` : dump(value, { noRefs: true, lineWidth: 120 });
}
