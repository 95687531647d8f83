import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { setTimeout as delay } from "node:timers/promises";
import { Container } from "../../image/support/container.ts";
import { type ContainerNetwork, containerNetwork } from "../../image/support/container-network.ts";
import type { UnpackedImage } from "../../image/support/unpacked-image.ts";
import { temporaryDirectory, type TemporaryDirectory } from "../../integration/support/temp-dir.ts";
import { until } from "../../integration/support/until.ts";
import type { ApiClient } from "./api-client.ts";
import type { RunningPod } from "./pod-stand-in.ts";
import { podVolumes } from "./pod-volumes.ts";

export interface PodRuntimeOptions {
  readonly api: ApiClient;
  /** Where Pods reach the API server: there is no kube-proxy behind the address of the Service `kubernetes`. */
  readonly apiUrl: string;
  /** What runs, whatever the Pod calls its image. */
  readonly image: UnpackedImage;
  readonly pod: V1Pod;
  readonly ip: string;
  /** Told of each change of what the readiness probe says, after the first. */
  readonly report: (ready: boolean) => void;
}

/** More often than the Pod asks for, so that tests need not wait. */
const PROBE_MS = 500;
/** Readiness probes fail so often in a row before a Pod is not ready: Kubernetes' default. */
const FAILURES = 3;
const RESTART_MS = 500;

/**
 * Runs the one container of a Pod, as kubelet and container runtime do, from the real image: volumes, a network with the Pod's address,
 * user, read-only root, memory limit, probe, preStop, SIGTERM with a grace period, and another container when one has ended.
 */
export class PodRuntime implements RunningPod {
  readonly #options: PodRuntimeOptions;
  readonly #spec: V1Container;
  readonly #folder: TemporaryDirectory;
  readonly #network: ContainerNetwork;
  readonly #volumes: ReadonlyMap<string, string>;
  readonly #stop = new AbortController();
  readonly #outputs: string[] = [];
  #container: Container;
  #ready = false;
  #work: Promise<unknown>;
  #end: Promise<void> | undefined;
  /** How many containers have ended without being asked to. */
  restarts = 0;

  private constructor(
    options: PodRuntimeOptions,
    parts: {
      folder: TemporaryDirectory;
      network: ContainerNetwork;
      volumes: ReadonlyMap<string, string>;
      container: Container;
    },
  ) {
    this.#options = options;
    this.#spec = specOf(options.pod);
    this.#folder = parts.folder;
    this.#network = parts.network;
    this.#volumes = parts.volumes;
    this.#container = parts.container;
    this.#work = Promise.all([this.#keep(), this.#probe()]);
  }

  /** Resolves when the container is ready by its probe. Throws with what it printed when it does not become so. */
  static async start(options: PodRuntimeOptions): Promise<PodRuntime> {
    await using start = new AsyncDisposableStack();
    const folder = start.use(await temporaryDirectory("pod"));
    const network = start.use(await containerNetwork(options.ip));
    const volumes = await podVolumes(options.api, options.pod, folder.path);
    const container = await startContainer(options, network, volumes);
    start.move();
    const pod = new PodRuntime(options, { folder, network, volumes, container });
    await until(() => pod.#ready, { timeoutMs: 120_000, what: "the Pod's readiness" }).catch(async (cause: unknown) => {
      const { output } = pod;
      await pod[Symbol.asyncDispose]();
      throw new Error(`Pod ${options.pod.metadata?.name} is not ready:\n${output}`, { cause });
    });
    return pod;
  }

  /** The container that runs now. */
  get container(): Container {
    return this.#container;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** What all of its containers printed. */
  get output(): string {
    return [...this.#outputs, this.#container.output].join("\n--- another container\n");
  }

  end(): Promise<void> {
    this.#end ??= this.#endInOrder();
    return this.#end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#container[Symbol.asyncDispose]();
    await this.#work;
    await this.#network[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }

  async #endInOrder(): Promise<void> {
    const { terminationGracePeriodSeconds = 30 } = this.#options.pod.spec ?? {};
    this.#stop.abort();
    const preStop = this.#spec.lifecycle?.preStop?.exec?.command;
    if (preStop !== undefined) await this.#container.exec(...preStop);
    await this.#container.stop(terminationGracePeriodSeconds * 1000);
  }

  /** Another container whenever one has ended by itself: `restartPolicy: Always`. */
  async #keep(): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      await this.#container.ended;
      await delay(RESTART_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      this.restarts += 1;
      this.#outputs.push(this.#container.output);
      await this.#container[Symbol.asyncDispose]();
      this.#container = await startContainer(this.#options, this.#network, this.#volumes);
      if (signal.aborted) return this.#container[Symbol.asyncDispose]();
    }
  }

  async #probe(): Promise<void> {
    const command = this.#spec.readinessProbe?.exec?.command ?? [];
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted;) {
      failures = (await this.#container.exec(...command)).code === 0 ? 0 : failures + 1;
      if (failures === 0 && !this.#ready) this.#set(true);
      if (failures >= FAILURES && this.#ready) this.#set(false);
      await delay(PROBE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #set(ready: boolean): void {
    this.#ready = ready;
    if (!this.#stop.signal.aborted) this.#options.report(ready);
  }
}

function startContainer(
  { image, apiUrl, pod }: PodRuntimeOptions,
  network: ContainerNetwork,
  volumes: ReadonlyMap<string, string>,
): Promise<Container> {
  const { command, args, volumeMounts = [], resources } = specOf(pod);
  const mounts = (readOnly: boolean): Record<string, string> =>
    Object.fromEntries(
      volumeMounts
        .filter((mount) => (mount.readOnly ?? false) === readOnly)
        .map(({ name, mountPath }) => [mountPath, volumes.get(name) ?? ""]),
    );
  const { runAsUser: uid = 0, fsGroup: additionalGroup = 0 } = pod.spec?.securityContext ?? {};
  const api = new URL(apiUrl);
  const memory = /^(\d+)Gi$/.exec(resources?.limits?.["memory"] ?? "")?.[1];
  return Container.start({
    image,
    network: network.path,
    ...(command === undefined ? {} : { command }),
    ...(args === undefined ? {} : { args }),
    env: { KUBERNETES_SERVICE_HOST: api.hostname, KUBERNETES_SERVICE_PORT: api.port },
    hostname: pod.metadata?.name ?? "",
    user: { uid, additionalGroup },
    writable: mounts(false),
    readable: mounts(true),
    ...(memory === undefined ? {} : { memoryLimit: Number(memory) * 2 ** 30 }),
  });
}

function specOf({ metadata, spec }: V1Pod): V1Container {
  const [container, ...others] = spec?.containers ?? [];
  if (container === undefined || others.length > 0)
    throw new Error(`Pod ${metadata?.name} has not one container: no other is run here`);
  return container;
}
