import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "./load-config.ts";

const problemsOf = (text: string): string[] =>
  loadConfig(text, "conf/binnacle.yaml").problems.map(({ path, message }) => `${path}: ${message}`);

test("a directory is the home of the objects unless a cluster is", () => {
  assert.equal(loadConfig("", "conf/binnacle.yaml").config?.sources.directory, "conf/manifests");
  const cluster = loadConfig("sources: {cluster: {kubeconfig: k, context: east}}", "conf/binnacle.yaml").config?.sources
    .cluster;
  assert.deepEqual(cluster, { kubeconfig: "conf/k", context: "east", inCluster: false, writesPerSecond: 300 });
  assert.deepEqual(problemsOf("sources: {cluster: {inCluster: true}}"), []);
});

test("two homes are refused, and so is a cluster that cannot be reached", () => {
  assert.deepEqual(problemsOf("sources: {directory: m, cluster: {inCluster: true}}"), [
    "sources.directory: the objects have one home, and cluster is set",
  ]);
  assert.deepEqual(problemsOf("sources: {cluster: {}}"), ["sources.cluster: there is no way to reach the cluster"]);
  assert.deepEqual(problemsOf("sources: {cluster: {kubeconfig: k, inCluster: true}}"), [
    "sources.cluster.inCluster: kubeconfig says how to reach the cluster",
  ]);
  assert.deepEqual(problemsOf("sources: {cluster: {inCluster: true, context: east}}"), [
    "sources.cluster.context: there is no kubeconfig that it could stand in",
  ]);
});

test("where clients reach the data plane is an address or a name", () => {
  assert.deepEqual(
    problemsOf("sources: {cluster: {inCluster: true, addresses: [192.0.2.1, '::1', lb.example.com]}}"),
    [],
  );
  assert.deepEqual(problemsOf("sources: {cluster: {inCluster: true, addresses: ['lb.example.com:80']}}"), [
    'sources.cluster.addresses[0]: found the text "lb.example.com:80", expected an IP address or a DNS name',
  ]);
});
