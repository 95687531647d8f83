import assert from "node:assert/strict";
import { test } from "node:test";
import { readBackendSecret } from "./backend-secret.ts";

const kubeconfig = "apiVersion: v1\nkind: Config\n";

function problems(name: string, data: Readonly<Record<string, string>>): readonly string[] {
  const reading = readBackendSecret(name, data);
  return reading.ok ? [] : reading.problems.map(({ path, message }) => `${path}: ${message}`);
}

test("a Secret is a backend: its name, its kubeconfig, and the settings of binnacle.yaml", () => {
  const settings = "namespaces: {deny: [kube-public]}\ncreateNamespaces: true\nlabelSelector: expose=yes\n";
  const reading = readBackendSecret("east", { kubeconfig, context: "prod\n", settings });
  assert.ok(reading.ok);
  assert.equal(reading.kubeconfig, kubeconfig);
  assert.partialDeepStrictEqual(reading.settings, {
    name: "east",
    kubernetes: { context: "prod" },
    namespaces: { allow: [], deny: ["kube-public"], map: {} },
    createNamespaces: true,
    labelSelector: "expose=yes",
  });
  assert.deepEqual(problems("east", { kubeconfig }), []);
});

test("what is wrong is told all at once, by its key in the Secret", () => {
  assert.deepEqual(problems("East.1", { kubeconfg: "x", settings: "labelSelektor: a\nstatic: {}" }), [
    "data.kubeconfg: unknown key",
    "data.kubeconfig: missing, expected a kubeconfig",
    "data.settings.static: not here: a backend in a Secret is a Kubernetes cluster",
    "metadata.name: found the text \"East.1\", expected letters a-z, digits and '-', a letter first and no '-' at the end",
    "data.settings.labelSelektor: unknown field",
  ]);
  assert.deepEqual(problems("local", { kubeconfig }), ["metadata.name: local is the home itself"]);
  assert.deepEqual(problems("east", { kubeconfig, settings: "- a" }), [
    "data.settings: found a list, expected a map of settings",
  ]);
  assert.deepEqual(problems("east", { kubeconfig, settings: "a: [" }).length, 1);
});

test("no problem tells of a value that was not expected", () => {
  const text = problems("east", {
    kubeconfig,
    settings: "labelSelector: [hunter2]\nnamespaces: {deny: hunter2}",
  }).join();
  assert.match(text, /labelSelector/);
  assert.doesNotMatch(text, /hunter2/);
});

test("a gateway's certificates are keys of the Secret, and no files of this machine", () => {
  const settings = "gateway: {address: 'gw.example:8443', protocol: http2}";
  const pem = { "gateway-ca.crt": "the authority", "gateway-tls.crt": "ours", "gateway-tls.key": "our key" };
  const reading = readBackendSecret("east", { kubeconfig, settings, ...pem });
  assert.ok(reading.ok);
  const tls = { caFile: "gateway-ca.crt", certificateFile: "gateway-tls.crt", keyFile: "gateway-tls.key" };
  assert.deepEqual(reading.settings.gateway, { address: "gw.example:8443", protocol: "http2", tls });
  assert.equal(reading.files[tls.keyFile], "our key");
  assert.deepEqual(problems("east", { kubeconfig, settings: settings.replace("}", ", tls: {caFile: /etc/shadow}}") }), [
    "data.settings.gateway.tls.caFile: not here: a Secret names no files",
  ]);
  assert.deepEqual(problems("east", { kubeconfig, "gateway-ca.crt": "x" }), [
    "data.gateway-ca.crt: is for a gateway, and settings has none",
  ]);
  assert.match(problems("east", { kubeconfig, settings, "gateway-tls.key": "x" }).join(), /caFile.*missing/);
});
