import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dump } from "js-yaml";
import { type KubeconfigOptions, readKubeconfig } from "./kubeconfig.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n";
const base64 = (text: string): string => Buffer.from(text).toString("base64");

function kubeconfig(user: Readonly<Record<string, unknown>>, cluster: Readonly<Record<string, unknown>> = {}): string {
  return dump({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "one",
    contexts: [
      { name: "one", context: { cluster: "c", user: "u", namespace: "shop" } },
      { name: "two", context: { cluster: "elsewhere", user: "u" } },
    ],
    clusters: [{ name: "c", cluster: { server: "https://10.0.0.1:6443", extensions: [{ name: "x" }], ...cluster } }],
    users: [
      { name: "u", user },
      { name: "broken", user: { token: 5 } },
    ],
  });
}

function read(text: string, options: Partial<KubeconfigOptions> = {}) {
  return readKubeconfig(text, { directory: "/etc/binnacle", inlineOnly: false, ...options });
}

function problems(text: string, options: Partial<KubeconfigOptions> = {}): string {
  const reading = read(text, options);
  assert.equal(reading.ok, false);
  return reading.problems.map(({ path, message }) => `${path}: ${message}`).join("\n");
}

describe("what a kubeconfig says", () => {
  test("of its current context; other users may be as they are", () => {
    const reading = read(kubeconfig({ token: "secret" }, { "certificate-authority-data": base64(PEM) }));
    assert.ok(reading.ok);
    const { server, token, ca, namespace, skipVerify } = reading.access;
    assert.deepEqual(
      { server: server.href, token, ca, namespace, skipVerify },
      {
        server: "https://10.0.0.1:6443/",
        token: { text: "secret" },
        ca: { text: PEM },
        namespace: "shop",
        skipVerify: false,
      },
    );
  });

  test("paths are meant from its folder, and inline data wins over them", () => {
    const user = { "client-certificate": "c.pem", "client-key": "/k.pem", tokenFile: "token", token: "old" };
    const reading = read(
      kubeconfig(user, { "certificate-authority": "ca.pem", "certificate-authority-data": base64(PEM) }),
    );
    assert.ok(reading.ok);
    const { certificate, key, token, ca } = reading.access;
    assert.deepEqual(
      { certificate, key, token, ca },
      {
        certificate: { file: "/etc/binnacle/c.pem" },
        key: { file: "/k.pem" },
        token: { file: "/etc/binnacle/token" },
        ca: { text: PEM },
      },
    );
  });
});

describe("what cannot be used is told with its place", () => {
  test("contexts that lead nowhere", () => {
    assert.match(problems(kubeconfig({}), { context: "three" }), /there is no context three/);
    assert.match(problems(kubeconfig({}), { context: "two" }), /context two names no cluster/);
    assert.match(problems("a: ["), /not valid YAML/);
    assert.match(problems("[]"), /expected a kubeconfig/);
    assert.match(problems("{}"), /current-context: missing/);
  });

  test("without any value, which may be a secret", () => {
    const text = problems(kubeconfig({ token: ["hunter2"], "client-key-data": "hunter2" }));
    assert.match(text, /users\.token/);
    assert.doesNotMatch(text, /hunter2/);
  });

  test("ways in that are gone, and halves", () => {
    assert.match(
      problems(kubeconfig({ "auth-provider": { name: "oidc" } })),
      /users\.auth-provider: removed from Kubernetes/,
    );
    assert.match(problems(kubeconfig({ "client-key": "k.pem" })), /a client certificate and its key go together/);
    assert.match(problems(kubeconfig({}, { server: "10.0.0.1:6443" })), /clusters\.server: expected a URL/);
    assert.match(problems(kubeconfig({}, { "proxy-url": "http://proxy" })), /proxies are not supported/);
    assert.match(problems(kubeconfig({ exec: { apiVersion: "v0", command: "x" } })), /users\.exec\.apiVersion/);
    assert.match(problems(kubeconfig({}, { "certificate-authority-data": "x" })), /expected PEM in base64/);
  });

  test("of somebody who may not run programs or read files here", () => {
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "steal" };
    const user = { exec, tokenFile: "/etc/shadow", "client-certificate": "/c", "client-key": "/k" };
    const text = problems(kubeconfig(user, { "certificate-authority": "/ca" }), { inlineOnly: true });
    for (const field of [
      "users.exec",
      "users.tokenFile",
      "users.client-certificate",
      "users.client-key",
      "clusters.certificate-authority",
    ]) {
      assert.ok(text.includes(`${field}: a kubeconfig from here may not`), field);
    }
    assert.ok(read(kubeconfig({ token: "t" }, { "certificate-authority-data": base64(PEM) }), { inlineOnly: true }).ok);
  });
});
