// What the image is made of, and what it runs.
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { applianceEnvironment, applianceFlags } from "../../setup/node-flags.mjs";
import { inRoot } from "../../setup/paths.mjs";

/** As other images without a shell's comforts have it; appliance/kubernetes/control-plane.yaml names it, too. */
export const USER = 65532;

const only = (...paths) => {
  const set = new Set(paths);
  return (path) => set.has(path);
};

/** Debian's packages for the lowest layer, with what is taken of each; libraries follow by themselves. */
export const BASE = {
  "base-files": (path) => path === "usr/lib/os-release" || path.startsWith("usr/share/common-licenses/"),
  "ca-certificates": (path) => path.startsWith("usr/share/ca-certificates/"),
  // Envoy's keeper (src/envoy/launch.ts) is a shell. There are no programs for it beside ours.
  dash: only("usr/bin/dash"),
  libatomic1: undefined,
  libc6: undefined,
  "libstdc++6": undefined,
};

/** The programs of Debian that run beside Envoy. Not node-exporter: what a container sees of the machine is not the machine. */
export const PROGRAMS = {
  jsonnet: only("usr/bin/jsonnet"),
  prometheus: only("usr/bin/prometheus"),
  "prometheus-alertmanager": (path) =>
    path === "usr/bin/prometheus-alertmanager" || path.startsWith("usr/share/prometheus/alertmanager/"),
};

/** What a root file system has besides packages. */
export function addBase(tree) {
  for (const name of ["bin", "lib", "lib64", "sbin"]) {
    mkdirSync(join(tree, "usr", name), { recursive: true });
    symlinkSync(`usr/${name}`, join(tree, name));
  }
  symlinkSync("dash", join(tree, "usr", "bin", "sh"));
  for (const name of ["dev", "proc", "sys", "run", "etc/binnacle"]) mkdirSync(join(tree, name), { recursive: true });
  const files = {
    "etc/passwd": `root:x:0:0:root:/:/nonexistent\nbinnacle:x:${USER}:${USER}:binnacle:/var/lib/binnacle:/nonexistent\n`,
    "etc/group": `root:x:0:\nbinnacle:x:${USER}:\n`,
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(tree, name), text);
  symlinkSync("../usr/lib/os-release", join(tree, "etc", "os-release"));
}

/** The command `binnacle`. */
export function addCommand(tree) {
  const target = join(tree, "usr", "local", "bin", "binnacle");
  mkdirSync(join(target, ".."), { recursive: true });
  const text = readFileSync(inRoot("appliance", "image", "binnacle.sh"), "utf8");
  writeFileSync(target, text.replace("@FLAGS@", applianceFlags.join(" ")));
  chmodSync(target, 0o755);
}

/** What the image runs (image-spec/config.md, `config`). */
export function configOf({ version, licence }) {
  const environment = {
    ...applianceEnvironment,
    BINNACLE_ALERTMANAGER: "/usr/bin/prometheus-alertmanager",
    BINNACLE_ENVOY: "/usr/local/bin/envoy",
    BINNACLE_JSONNET: "/usr/bin/jsonnet",
    BINNACLE_PROMETHEUS: "/usr/bin/prometheus",
    HOME: "/var/lib/binnacle",
    PATH: "/usr/local/bin:/usr/bin",
    // The state directory is /var/lib/binnacle/binnacle: it must be ours alone, and a volume's folder may not be.
    XDG_STATE_HOME: "/var/lib/binnacle",
  };
  return {
    User: `${USER}:${USER}`,
    ExposedPorts: { "8080/tcp": {}, "8443/tcp": {} },
    Env: Object.entries(environment)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`),
    Entrypoint: ["/usr/local/bin/binnacle"],
    Cmd: ["up"],
    Volumes: { "/var/lib/binnacle": {} },
    WorkingDir: "/etc/binnacle",
    Labels: {
      "org.opencontainers.image.title": "binnacle",
      "org.opencontainers.image.version": version,
      "org.opencontainers.image.licenses": licence,
      "dev.binnacle.notice": `/${NOTICE}`,
    },
    StopSignal: "SIGTERM",
  };
}

export const NOTICE = join("usr", "share", "doc", "binnacle", "NOTICE");
