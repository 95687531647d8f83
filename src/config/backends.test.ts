import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "./load-config.ts";

const east = "{name: east, kubernetes: {kubeconfig: east.yaml}}";
const problems = (text: string) => loadConfig(text, "conf/binnacle.yaml").problems.map(({ message }) => message);

test("a backend's kubeconfig is meant from the file's folder, and all its namespaces are followed", () => {
  const [backend] = loadConfig(`backends: [${east}]`, "conf/binnacle.yaml").config?.backends ?? [];
  assert.equal(backend?.kubernetes.kubeconfig, "conf/east.yaml");
  assert.deepEqual(backend?.namespaces, { allow: [], deny: [], map: {} });
});

test("names that no Service could begin with, that are taken or the home's are refused", () => {
  for (const name of ["East", "1east", "east-", "local"])
    assert.equal(problems(`backends: [{name: ${name}, kubernetes: {kubeconfig: a}}]`).length, 1, name);
  assert.match(problems(`backends: [${east}, ${east}]`)[0] ?? "", /name east stands already/);
});

test("a cluster as the home cannot have backends", () => {
  const text = `sources: {cluster: {kubeconfig: home.yaml}}\nbackends: [${east}]`;
  assert.match(problems(text)[0] ?? "", /not possible together with sources.cluster/);
});
