import { checkShape } from "#lib/check-shape.ts";
import { describeType } from "#lib/describe-value.ts";
import { nearest } from "#lib/nearest.ts";
import type { Problem } from "#lib/problem.ts";
import { isMap } from "#lib/schema-rules.ts";
import { withoutNulls } from "#lib/without-nulls.ts";
import { parseYaml } from "#lib/yaml.ts";
import { backends } from "./backends.ts";
import type { Config } from "./config.ts";

export type BackendSecretReading =
  | {
      readonly ok: true;
      readonly settings: Config["backends"][number];
      readonly kubeconfig: string;
      readonly files: Readonly<Record<string, string>>;
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** What in a file would be a path of the gateway's TLS is a key of the Secret. */
const GATEWAY_FILES = {
  caFile: "gateway-ca.crt",
  certificateFile: "gateway-tls.crt",
  keyFile: "gateway-tls.key",
} as const;
const KEYS = ["kubeconfig", "context", "settings", ...Object.values(GATEWAY_FILES)];
/** What the Secret itself says, or may not: its platform is a Kubernetes cluster. */
const SAID_ELSEWHERE: Readonly<Record<string, string>> = {
  name: "the Secret's name is the backend's",
  kubernetes: "the Secret's keys kubeconfig and context say it",
  dns: "a backend in a Secret is a Kubernetes cluster",
  static: "a backend in a Secret is a Kubernetes cluster",
};

/**
 * A backend as a Secret describes it: its name, `kubeconfig`, if wanted `context`, and under `settings` what else an entry of
 * `backends` in binnacle.yaml may hold. No problem tells of what stands in the kubeconfig.
 *
 * @param data decoded
 */
export function readBackendSecret(name: string, data: Readonly<Record<string, string>>): BackendSecretReading {
  const problems: Problem[] = Object.keys(data)
    .filter((key) => !KEYS.includes(key))
    .map((key) => {
      const meant = nearest(key, KEYS);
      return error(`data.${key}`, "unknown key", meant === undefined ? "remove it" : `write ${meant}`);
    });
  const { kubeconfig, context, settings = "" } = data;
  if (kubeconfig === undefined || kubeconfig.trim() === "") {
    problems.push(error("data.kubeconfig", "missing, expected a kubeconfig", "add it"));
  }
  const parsed = parseYaml(settings);
  if ("error" in parsed) return { ok: false, problems: [...problems, error("data.settings", parsed.error.message)] };
  const document = parsed.documents[0] ?? {};
  if (parsed.documents.length > 1 || !isMap(document)) {
    const found = parsed.documents.length > 1 ? "several documents" : describeType(document);
    return {
      ok: false,
      problems: [...problems, error("data.settings", `found ${found}, expected a map of settings`)],
    };
  }
  for (const [key, why] of Object.entries(SAID_ELSEWHERE)) {
    if (document[key] !== undefined) problems.push(error(`data.settings.${key}`, `not here: ${why}`, "remove it"));
  }
  const gateway = withGatewayFiles(document["gateway"], data, problems);
  // The file's path is never opened: the text stands in the Secret.
  const kubernetes = { kubeconfig: "kubeconfig", ...(context === undefined ? {} : { context: context.trim() }) };
  const entry = withoutNulls({
    ...without(document, Object.keys(SAID_ELSEWHERE)),
    ...(gateway === undefined ? {} : { gateway }),
    name,
    kubernetes,
  });
  const schema = backends((path) => path);
  const checked = checkShape(schema, [entry], { unknownFields: "error", secret: true });
  if (!checked.ok) problems.push(...checked.problems.map(inSecret));
  const [backend] = checked.ok ? checked.value : [];
  if (problems.length > 0 || backend === undefined || kubeconfig === undefined) return { ok: false, problems };
  return { ok: true, settings: backend, kubeconfig, files: data };
}

/** The gateway with the Secret's keys in the place of its files, which a Secret may not name: they would be this machine's. */
function withGatewayFiles(gateway: unknown, data: Readonly<Record<string, string>>, problems: Problem[]): unknown {
  const given = Object.entries(GATEWAY_FILES).filter(([, key]) => data[key] !== undefined);
  if (!isMap(gateway)) {
    for (const [, key] of given)
      problems.push(error(`data.${key}`, "is for a gateway, and settings has none", "remove it"));
    return gateway;
  }
  const tls = isMap(gateway["tls"]) ? gateway["tls"] : {};
  for (const [field, key] of Object.entries(GATEWAY_FILES)) {
    if (tls[field] !== undefined)
      problems.push(
        error(`data.settings.gateway.tls.${field}`, "not here: a Secret names no files", `use the key ${key}`),
      );
  }
  if (given.length === 0) return gateway;
  return { ...gateway, tls: { ...tls, ...Object.fromEntries(given) } };
}

function inSecret(problem: Problem): Problem {
  const field = problem.path.replace(/^\[0\]\.?/, "");
  const path = field === "name" ? "metadata.name" : field.replace(/^kubernetes\./, "data.");
  return { ...problem, path: path === field ? `data.settings${field === "" ? "" : "."}${field}` : path };
}

function without(map: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));
}

function error(path: string, message: string, fix?: string): Problem {
  return { severity: "error", path, message, ...(fix === undefined ? {} : { fix }) };
}
