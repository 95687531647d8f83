import { readBackendSecret } from "#config/backend-secret.ts";
import type { Connection } from "#kubernetes/connection.ts";
import type { MirrorEvent } from "#kubernetes/mirror.ts";
import type { Reflector } from "#kubernetes/reflector.ts";
import { type KubeObject, objectPath } from "#kubernetes/resource-type.ts";
import { SECRETS } from "#kubernetes/resource-types.ts";
import { canonicalJson } from "#lib/canonical.ts";
import { compareText } from "#lib/compare.ts";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { formatProblem, type Problem } from "#lib/problem.ts";
import { isMap } from "#lib/schema-rules.ts";
import { unreachable } from "#lib/unreachable.ts";
import type { BackendSettings, FollowedBackends } from "./followed-backends.ts";
import type { Gateways } from "./gateways.ts";
import type { HomeCluster } from "./home-cluster.ts";

/** On a Secret in the control planes' own namespace: it is a backend. */
const SELECTOR = "binnacle.dev/backend=true";
/** How long the endpoints of one drain whose Secret was deleted, in milliseconds: as long as `binnacle backends remove`. */
const DRAIN = 30_000;
/** How long its gateway outlives them, in milliseconds: Envoy's clusters go some seconds after their last route. */
const GATEWAY_STAYS = 10_000;

export interface SecretBackendsOptions {
  readonly cluster: Pick<HomeCluster, "client" | "namespace">;
  readonly followed: FollowedBackends;
  readonly gateways: Gateways;
  /** Names that binnacle.yaml has given. */
  readonly configured: ReadonlySet<string>;
  /** What the settings of a backend are from now on. */
  readonly onSettings: (settings: BackendSettings) => void;
  readonly log: Logger;
}

interface Known {
  readonly settings: string;
  /** Asked for at each look at the credentials: new ones need no restart. */
  readonly connection: { readonly type: "inline"; kubeconfig: string; readonly context: string | undefined };
}

/**
 * Backends as Secrets in the control planes' own namespace: made, changed and deleted with kubectl. One that is wrong is
 * reported, and what it said before goes on.
 */
export class SecretBackends {
  readonly #options: SecretBackendsOptions;
  readonly #known = new Map<string, Known>();
  readonly #problems = new Map<string, readonly Problem[]>();
  /** Of gateways whose backends drain. */
  readonly #endings = new Map<string, NodeJS.Timeout>();
  readonly #listed = Promise.withResolvers<void>();
  #work: Promise<void> = Promise.resolve();

  constructor(options: SecretBackendsOptions) {
    this.#options = options;
  }

  /** The first of them are followed, or cannot be read. */
  get listed(): Promise<void> {
    return this.#listed.promise;
  }

  /** What is wrong, by the Secret's name, sorted. */
  problems(): readonly (readonly [string, readonly Problem[]])[] {
    return [...this.#problems].sort(([a], [b]) => compareText(a, b));
  }

  /** Until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, namespace } = this.#options.cluster;
    const { Reflector: Follower } = await import("#kubernetes/reflector.ts");
    const reflector: Reflector = new Follower({
      client,
      type: SECRETS,
      selection: { namespace, labelSelector: SELECTOR },
      log: this.#options.log,
      onEvent: (event) => this.#then(() => this.#take(event)),
      onState: ({ error }) => error && this.#listed.resolve(),
    });
    await reflector.run(signal);
    await this.#work;
    for (const ending of this.#endings.values()) clearTimeout(ending);
    this.#listed.resolve();
  }

  /** One after the other, in the order in which they were told. */
  #then(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#options.log.error("a backend in a Secret could not be followed", { reason: errorMessage(error) });
    });
  }

  async #take(event: MirrorEvent): Promise<void> {
    switch (event.type) {
      case "replaced":
        for (const { name } of event.deleted) this.#gone(name);
        for (const object of event.changed) await this.#stands(object);
        this.#listed.resolve();
        break;
      case "upsert":
        await this.#stands(event.object);
        break;
      case "delete":
        this.#gone(event.name.name);
        break;
      default:
        unreachable(event);
    }
  }

  async #stands(object: KubeObject): Promise<void> {
    const { name = "" } = object.metadata;
    const problems = await this.#follow(name, object);
    if (problems.length === 0) {
      this.#problems.delete(name);
      return;
    }
    const { namespace } = this.#options.cluster;
    const origin = { file: objectPath(SECRETS, { namespace, name }) };
    const told = problems.map((problem): Problem => ({ ...problem, origin }));
    this.#problems.set(name, told);
    for (const problem of told) this.#options.log.warn(formatProblem(problem));
  }

  /** Returns why it cannot be followed as it stands. */
  async #follow(name: string, object: KubeObject): Promise<readonly Problem[]> {
    const { followed, gateways, configured, onSettings } = this.#options;
    if (configured.has(name)) {
      const message = `binnacle.yaml has a backend ${name}, and that one counts`;
      return [{ severity: "error", path: "metadata.name", message, fix: "delete one of the two" }];
    }
    const reading = readBackendSecret(name, decoded(object["data"]));
    if (!reading.ok) return reading.problems;
    const { settings, kubeconfig } = reading;
    const { readKubeconfig } = await import("#kubernetes/kubeconfig.ts");
    const context = settings.kubernetes?.context;
    const access = readKubeconfig(kubeconfig, { context, directory: "/", inlineOnly: true });
    if (!access.ok) return access.problems.map((problem) => ({ ...problem, path: `data.kubeconfig ${problem.path}` }));
    const wrong = gateways.set(name, settings.gateway, (key) => reading.files[key] ?? "");
    if (wrong !== undefined) return [{ severity: "error", path: "data.settings.gateway", message: wrong }];
    const said = canonicalJson(settings);
    const known = this.#known.get(name);
    if (known?.settings === said) {
      known.connection.kubeconfig = kubeconfig;
      return [];
    }
    const connection = { type: "inline", kubeconfig, context } satisfies Connection;
    this.#known.set(name, { settings: said, connection });
    onSettings(settings);
    await followed.add(settings, connection);
    return [];
  }

  #gone(name: string): void {
    const { followed, cluster } = this.#options;
    this.#problems.delete(name);
    if (!this.#known.delete(name)) return;
    followed.get(name)?.remove(DRAIN, `the deletion of Secret ${cluster.namespace}/${name}`);
    clearTimeout(this.#endings.get(name));
    this.#endings.set(name, setTimeout(() => this.#endGateway(name), DRAIN + GATEWAY_STAYS).unref());
  }

  /** What drains is reached through it; after that neither it nor its key is wanted any more, unless the backend is back. */
  #endGateway(name: string): void {
    const { followed, gateways } = this.#options;
    this.#endings.delete(name);
    const isBack = followed.list().some((backend) => backend.name === name && backend.status().goneAt === undefined);
    if (!isBack && !this.#known.has(name)) gateways.set(name, undefined, () => "");
  }
}

function decoded(data: unknown): Readonly<Record<string, string>> {
  if (!isMap(data)) return {};
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(String(value), "base64").toString()]),
  );
}
