import { chown, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { temporaryDirectory } from "../../integration/support/temp-dir.ts";
import { until } from "../../integration/support/until.ts";
import { claimPodSubnet } from "../../kubernetes/support/pod-network.ts";
import { containerNetwork } from "./container-network.ts";
import { Container, type ContainerOptions } from "./container.ts";
import type { UnpackedImage } from "./unpacked-image.ts";

/** Of the image. */
const USER = 65532;
const READY = "fetch('http://127.0.0.1:8600/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))";

export interface StartedContainer {
  readonly container: Container;
  /** The container's. */
  readonly address: string;
  /** The folder here that it has as /etc/binnacle. */
  readonly config: string;
}

/**
 * A container of the image with an address here, a volume for its state and a folder with its configuration. `files`: what is in that,
 * by path, made for the address at which the container reaches this side.
 */
export async function startedContainer(
  stack: AsyncDisposableStack,
  image: UnpackedImage,
  files: (here: string) => Readonly<Record<string, string>>,
  options: Partial<ContainerOptions> = {},
): Promise<StartedContainer> {
  const subnet = stack.use(await claimPodSubnet());
  const address = `${subnet.prefix}.2`;
  const network = stack.use(await containerNetwork(address));
  const folder = stack.use(await temporaryDirectory("volumes"));
  const [state, config] = [join(folder.path, "state"), join(folder.path, "config")];
  await mkdir(state);
  await chown(state, USER, USER);
  for (const [path, text] of Object.entries(files(`${subnet.prefix}.1`))) {
    await mkdir(dirname(join(config, path)), { recursive: true });
    await writeFile(join(config, path), text);
  }
  const volumes = { writable: { "/var/lib/binnacle": state }, readable: { "/etc/binnacle": config } };
  const container = stack.use(await Container.start({ image, network: network.path, ...volumes, ...options }));
  return { container, address, config };
}

/** Resolves when the control plane in it says that it is ready. */
export async function readyContainer(container: Container): Promise<void> {
  const isReady = async () => (await container.exec("node", "-e", READY)).code === 0;
  await until(isReady, { timeoutMs: 90_000, intervalMs: 200, what: "readiness" }).catch((cause: unknown) => {
    throw new Error(`not ready:\n${container.output}`, { cause });
  });
}
