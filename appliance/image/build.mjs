// npm run image [-- --output FILE --tag NAME:TAG]: an image of this checkout for docker, podman and Kubernetes, as one file.
import { mkdirSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { inRoot } from "../../setup/paths.mjs";
import { Problem } from "../../setup/problem.mjs";
import { fail, say, step } from "../../setup/progress.mjs";
import { withTemporary } from "../../setup/temporary.mjs";
import { aboutThisCheckout, makeLayers } from "./layers.mjs";
import { writeArchive } from "./oci-archive.mjs";
import { configOf } from "./recipe.mjs";

const help = `npm run image [-- OPTION...]

Builds a container image of this checkout, with Node, Envoy, Prometheus and Alertmanager, as one file for docker, podman,
containerd and skopeo. It needs npm and Debian's own tools: no container engine, no root.

  --output FILE   where to write it (default: build/image/binnacle.tar)
  --tag NAME:TAG  what it is called when it is loaded (default: binnacle:latest)
  --help          this text

The same checkout on the same packages of Debian gives the same image, byte by byte. SOURCE_DATE_EPOCH (seconds since 1970,
default 0) is the time that it names as its own.
`;

/** As Go calls it, by which images name what they run on. */
const ARCHITECTURES = { x64: "amd64", arm64: "arm64" };

const TAG = /^[a-z0-9]+([._/:-]+[a-z0-9]+)*:[\w][\w.-]{0,127}$/;

function optionsOf(args) {
  const options = { output: { type: "string" }, tag: { type: "string" }, help: { type: "boolean", short: "h" } };
  let values;
  try {
    ({ values } = parseArgs({ args, options }));
  } catch (error) {
    throw new Problem("npm run image does not know what to do", {
      cause: error.message,
      fix: "npm run image -- --help",
    });
  }
  const { output = inRoot("build", "image", "binnacle.tar"), tag = "binnacle:latest" } = values;
  if (!TAG.test(tag)) {
    throw new Problem(`"${String(tag)}" is no name of an image`, {
      cause: "expected NAME:TAG",
      fix: "such as --tag binnacle:1.2",
    });
  }
  return { help: values.help, output: resolve(output), tag };
}

function createdAt(text = process.env.SOURCE_DATE_EPOCH || "0") {
  if (!/^\d{1,11}$/.test(text)) {
    throw new Problem("SOURCE_DATE_EPOCH is no time", {
      cause: `it is "${text}"`,
      fix: "set it to seconds since 1970",
    });
  }
  return new Date(Number(text) * 1000).toISOString().replace(".000Z", "Z");
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1).padStart(7)} MB`;

async function build({ output, tag }) {
  const created = createdAt();
  mkdirSync(dirname(output), { recursive: true });
  await withTemporary(dirname(output), "layers", async (folder) => {
    const layers = await makeLayers(folder);
    const architecture = ARCHITECTURES[process.arch];
    let digest;
    await step("image", async () => {
      digest = await writeArchive(output, {
        config: configOf(aboutThisCheckout()),
        architecture,
        created,
        layers,
        tag,
      });
    });
    for (const { name, size, bytes } of layers) {
      say(`  ${name.padEnd(12)} ${megabytes(bytes)}, compressed ${megabytes(size)}`);
    }
    const whole = layers.reduce((sum, { bytes }) => sum + bytes, 0);
    say(
      `\n${output}: ${tag}, ${digest}\n${megabytes(whole).trim()}, compressed ${megabytes(statSync(output).size).trim()}`,
    );
    say(
      `\n  docker load -i ${basename(output)}, or podman load -i, or skopeo copy oci-archive:${basename(output)} docker://…`,
    );
  });
}

try {
  const options = optionsOf(process.argv.slice(2));
  if (options.help) process.stdout.write(help);
  else await build(options);
} catch (error) {
  fail([error]);
}
