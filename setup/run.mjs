// node setup/run.mjs VERB [ARGUMENT...]: makes the machine ready for the verb, then becomes the program behind it.
import { handOver } from "./handover.mjs";
import { applianceFlags } from "./node-flags.mjs";
import { inRoot } from "./paths.mjs";
import { prepare } from "./prepare.mjs";

const everything = { programs: true, console: "required" };

/** Whether one of these test files is among those that the arguments name. */
function chooses(args, ...files) {
  const names = args.filter((arg) => !arg.startsWith("--"));
  return names.length === 0 || names.some((name) => files.some((file) => file.includes(name)));
}

const acmeTests = ["appliance", "faults", "order"].map((name) => `test/partners/acme/${name}.test.ts`);

/** The names of parts of a folder as patterns for its tests; all of it without one. */
function within(folder, args) {
  const flags = args.filter((arg) => arg.startsWith("--"));
  const names = args.filter((arg) => !arg.startsWith("--")).map((name) => `${folder}/${name}`);
  return [...(names.length > 0 ? names : [folder]), ...flags];
}

const verbs = {
  up: {
    // Nobody waits for Envoy to read a page of help.
    needs: (args) => (args.some((arg) => arg === "--help" || arg === "-h") ? {} : everything),
    command: (args) => [...applianceFlags, inRoot("src", "cli.ts"), "up", ...args],
  },
  dev: {
    needs: { programs: true, console: "wanted" },
    command: (args) => [`--watch-path=${inRoot("src")}`, ...applianceFlags, inRoot("src", "cli.ts"), "up", ...args],
  },
  test: {
    needs: { programs: true, console: "wanted", required: ["jsonnet", "node-exporter"] },
    command: (args) => [inRoot("setup", "test.mjs"), ...args],
  },
  "test:kubernetes": {
    // The ACME server is built only for the one that orders certificates, the image for the one that runs it.
    needs: (args) => ({
      programs: true,
      kubebox: true,
      partners: chooses(args, "test/kubernetes/acme.test.ts") ? ["pebble"] : [],
      ...(chooses(args, "test/kubernetes/control-plane-pods.test.ts") ? { image: true, console: "required" } : {}),
    }),
    command: (args) => [inRoot("setup", "test-bed.mjs"), "test/kubernetes", ...args],
  },
  "test:openstack": {
    // Two have a Kubernetes cluster, too, whose API server is built from its sources, and one has EC2: only for those.
    needs: (args) => ({
      programs: true,
      openstack: true,
      kubebox: ["move-a-service", "three-platforms"].some((name) => chooses(args, `test/openstack/${name}.test.ts`)),
      moto: chooses(args, "test/openstack/three-platforms.test.ts"),
    }),
    command: (args) => [inRoot("setup", "test-bed.mjs"), "test/openstack", ...args],
  },
  "test:platforms": {
    needs: { programs: true, moto: true, debian: { tinyproxy: "usr/bin/tinyproxy" } },
    command: (args) => [inRoot("setup", "test-bed.mjs"), "test/platforms", ...args],
  },
  "test:partners": {
    needs: (args) => ({
      programs: true,
      partners: [
        ...(chooses(args, ...acmeTests) ? ["pebble"] : []),
        ...(chooses(args, "test/partners/policies/rate-limit.test.ts") ? ["ratelimit"] : []),
        ...(chooses(args, "test/partners/policies/authorization.test.ts") ? ["oauth2-proxy"] : []),
        ...(chooses(args, "test/partners/policies/grpc-authorization.test.ts") ? ["opa-envoy"] : []),
      ],
    }),
    command: (args) => [inRoot("setup", "test.mjs"), ...within("test/partners", args)],
  },
  "test:soak": {
    needs: { programs: true },
    command: (args) => [inRoot("setup", "test.mjs"), ...within("test/soak", args)],
  },
  "test:image": {
    needs: { console: "required", image: true },
    command: (args) => [inRoot("setup", "test-bed.mjs"), "test/image", ...args],
  },
  check: { needs: {}, command: (args) => [inRoot("setup", "check.mjs"), ...args] },
  bench: {
    // The Kubernetes API server is built from its sources, so only for the one that needs it.
    needs: (args) => ({ programs: true, console: "wanted", kubebox: args.length === 0 || args.includes("discovery") }),
    command: (args) => [inRoot("test", "bench", "run.ts"), ...args],
  },
  image: {
    needs: (args) => (args.includes("--help") ? {} : { console: "required" }),
    command: (args) => [inRoot("appliance", "image", "build.mjs"), ...args],
  },
  setup: { needs: everything },
};

const help = `node setup/run.mjs VERB [ARGUMENT...]

  up       start the appliance                      npm run up
  dev      the same, restarted when a source changes npm run dev
  test     run the tests [whose path has a PATTERN] npm test -- PATTERN
  test:kubernetes  those with real Kubernetes API servers  npm run test:kubernetes
  test:openstack   those with real OpenStack APIs  npm run test:openstack
  test:platforms   those with a real server of EC2's API  npm run test:platforms
  test:partners    those with real ACME, rate-limit, authorisation servers  npm run test:partners
  test:soak        whether anything grows with what comes and goes  npm run test:soak
  test:image       those of the container image  npm run test:image
  check    types, lint, format, architecture        npm run check
  bench    run the benchmarks                       npm run bench
  image    a container image, for docker, podman, Kubernetes  npm run image
  setup    only make the machine ready

Programs are kept in $BINNACLE_CACHE (default ~/.cache/binnacle). BINNACLE_ENVOY, BINNACLE_PROMETHEUS,
BINNACLE_PROMTOOL, BINNACLE_ALERTMANAGER, BINNACLE_AMTOOL, BINNACLE_NODE_EXPORTER, BINNACLE_JSONNET,
BINNACLE_KUBEBOX, BINNACLE_PEBBLE, BINNACLE_RATELIMIT, BINNACLE_OAUTH2_PROXY and BINNACLE_OPA_ENVOY name programs of your own.
`;

const [name, ...args] = process.argv.slice(2);
if (!Object.hasOwnProperty.call(verbs, name || "")) {
  const asked = name === "--help" || name === "-h" || name === "help";
  (asked ? process.stdout : process.stderr).write(asked || !name ? help : `binnacle: no verb "${name}"\n\n${help}`);
  process.exit(asked ? 0 : 2);
}

const verb = verbs[name];
const { node, env } = await prepare(typeof verb.needs === "function" ? verb.needs(args) : verb.needs);
if (verb.command) handOver(node, verb.command(args), env);
