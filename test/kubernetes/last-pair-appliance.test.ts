import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { runningEnvoys } from "#envoy/running-envoys.ts";
import { commandLine, processEnd } from "#supervisor/process-identity.ts";
import { customResourceDefinition } from "../../src/crds/custom-resource-definition.ts";
import { type Certificate, certificateAuthority } from "../integration/support/certificate.ts";
import { HandshakeLoad } from "../integration/support/handshake-load.ts";
import { handshake, trustedPeer } from "../integration/support/handshake.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { createNamespace } from "./support/access.ts";
import type { ApiClient, Manifest } from "./support/api-client.ts";
import { KubeBox } from "./support/kubebox.ts";
import { Member } from "./support/member.ts";
import { tlsSecret } from "./support/tls-secret.ts";

const SECRET = "/api/v1/namespaces/shop/secrets/site";
const DELEGATION = "/apis/projectcontour.io/v1/namespaces/shop/tlscertificatedelegations/site";
const INGRESS = "/apis/networking.k8s.io/v1/namespaces/shop/ingresses/web";
const PROXY = "/apis/projectcontour.io/v1/namespaces/other/httpproxies/lent";
/** Of the Secret's own namespace, by an Ingress; and of another one, by an HTTPProxy that it is delegated to. */
const [OWN, LENT] = ["web.test", "lent.test"];

const authority = certificateAuthority();

const secret = (certificate: Certificate): Manifest => tlsSecret("shop", "site", certificate);

const DELEGATED: Manifest = {
  apiVersion: "projectcontour.io/v1",
  kind: "TLSCertificateDelegation",
  metadata: { namespace: "shop", name: "site" },
  spec: { delegations: [{ secretName: "site", targetNamespaces: ["other"] }] },
};

const backend = { service: { name: "web", port: { number: 80 } } };
const HOSTS: readonly Manifest[] = [
  { apiVersion: "v1", kind: "Service", metadata: { namespace: "shop", name: "web" }, spec: { ports: [{ port: 80 }] } },
  {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { namespace: "shop", name: "web" },
    spec: {
      ingressClassName: "binnacle",
      tls: [{ hosts: [OWN], secretName: "site" }],
      rules: [{ host: OWN, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
    },
  },
  {
    apiVersion: "projectcontour.io/v1",
    kind: "HTTPProxy",
    metadata: { namespace: "other", name: "lent" },
    spec: {
      ingressClassName: "binnacle",
      virtualhost: { fqdn: LENT, tls: { secretName: "shop/site" } },
      routes: [{ directResponsePolicy: { statusCode: 200 } }],
    },
  },
];

/** What the API server and the control plane say of the two hosts and the Secret. */
async function told(api: ApiClient, member: Member): Promise<object> {
  const { metadata } = await api.get<Manifest>(INGRESS);
  const { status } = await api.get<Manifest & { status?: { conditions?: readonly Condition[] } }>(PROXY);
  const notes = (status?.conditions ?? []).flatMap(({ errors = [], warnings = [] }) => [...errors, ...warnings]);
  const metric = /^binnacle_certificate_secret_unusable\{(.*)\} 1$/m.exec(await member.askApi("/metrics"));
  return {
    ingress: /(?:error|warning) Secret\w+/.exec(metadata?.annotations?.["binnacle.dev/problems"] ?? "")?.[0],
    // After what is wrong comes what to do.
    proxy: notes.map(({ reason, message }) => `${reason}: ${message.replace(/; (?:create|add) .*/, "")}`).join("\n"),
    metric: metric?.[1],
  };
}

interface Condition {
  readonly errors?: readonly { readonly reason: string; readonly message: string }[];
  readonly warnings?: readonly { readonly reason: string; readonly message: string }[];
}

const NOTHING = { ingress: undefined, proxy: "", metric: undefined };
const KEPT = {
  ingress: "warning SecretNotFound",
  proxy:
    "SecretNotValid: spec.virtualhost.tls.secretName: Secret shop/site does not exist; the last pair that it held is served on",
  metric: 'namespace="shop",name="site",cause="missing"',
};

/** Envoy ends and starts again as whoever watches over it would have it, with the same command. */
async function restartEnvoy({ state }: Member): Promise<void> {
  const [envoy] = runningEnvoys(join(state, "envoy"));
  const [program = "", ...args] = commandLine(envoy?.identity.pid ?? 0) ?? [];
  assert.ok(envoy !== undefined);
  process.kill(envoy.identity.pid, "SIGKILL");
  assert.ok(await processEnd(envoy.identity, AbortSignal.timeout(10_000)));
  const next = spawn(program, args, { stdio: "ignore", detached: true });
  await once(next, "spawn");
  next.unref();
}

test(
  "the last pair of a Secret that was deleted in the cluster is served on without a control plane or with a new one, by a new Envoy too, and only to whom it is lent",
  { timeout: 240_000 },
  async (t) => {
    await using box = await KubeBox.start({ controllers: [] });
    const { admin } = box;
    for (const name of ["shop", "other", "binnacle-system"]) await createNamespace(admin, name);
    for (const kind of ["HTTPProxy", "TLSCertificateDelegation"] as const)
      await admin.apply({ ...customResourceDefinition(kind) });
    const [first, second, third] = [1, 2, 3].map(() => authority.issue([OWN, LENT]));
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    await admin.apply(secret(first));
    await until(() => admin.apply(DELEGATED, ...HOSTS).then(() => true), { what: "the definitions to be in force" });

    await using folder = await temporaryDirectory("pair");
    const settings = `sources: {cluster: {kubeconfig: ${await box.kubeconfigFile()}, addresses: [lb.example]}}`;
    await using member = await Member.start(join(folder.path, "one"), settings);
    const port = member.https;
    const serialOf = async (servername: string) => (await trustedPeer(port, servername, authority.cert)).serialNumber;
    const served = async ({ cert }: Certificate): Promise<void> => {
      const { serialNumber } = new X509Certificate(cert);
      for (const name of [OWN, LENT])
        await until(() => serialOf(name), { accept: (serial) => serial === serialNumber, what: `${name}'s pair` });
    };
    const said = (what: object): Promise<object> =>
      until(() => told(admin, member), {
        accept: (now) => JSON.stringify(now) === JSON.stringify(what),
        what: JSON.stringify(what),
        timeoutMs: 30_000,
      });
    /** Only what is on disk outlives a kill. */
    const archived = async ({ cert }: Certificate): Promise<void> => {
      using archive = new DatabaseSync(join(member.state, "objects.db"), { readOnly: true });
      const form = archive.prepare("SELECT form FROM object WHERE key = 'Secret/shop/site'");
      const text = Buffer.from(cert).toString("base64");
      await until(() => String(form.get()?.["form"]).includes(text), { what: "the archive" });
    };
    await served(first);
    await said(NOTHING);

    await using stack = new AsyncDisposableStack();
    const loads = [OWN, LENT].map((servername) =>
      stack.use(new HandshakeLoad({ port, servername, ca: authority.cert })),
    );
    for (const load of loads) await load.more(5);
    await admin.delete(SECRET);
    await said(KEPT);
    await member.process.kill();
    for (const load of loads) await load.more(20);
    await member.restart();
    await said(KEPT);
    for (const load of loads) await load.more(20);
    const tallies = await Promise.all(loads.map((load) => load.end()));
    const { serialNumber } = new X509Certificate(first.cert);
    assert.deepEqual(tallies.map(Object.keys), [[serialNumber], [serialNumber]]);
    t.diagnostic(`handshakes with the kept pair: ${JSON.stringify(tallies.map((tally) => tally[serialNumber]))}`);

    await admin.apply(secret(second));
    await served(second);
    await said(NOTHING);

    // Deleted while nobody looks.
    await archived(second);
    await member.process.kill();
    await admin.delete(SECRET);
    await member.restart();
    await served(second);
    await said(KEPT);

    const serves = async (names: readonly string[]): Promise<void> => {
      const ask = async (servername: string) => "name" in (await handshake(port, { servername }));
      for (const name of [OWN, LENT])
        await until(() => ask(name), { accept: (answers) => answers === names.includes(name), what: name });
    };
    await admin.delete(DELEGATION);
    await serves([OWN]);
    const withdrawn =
      "DelegationNotPermitted: spec.virtualhost.tls.secretName: Secret shop/site is not delegated to namespace other, so the host is not served over TLS";
    await said({ ...KEPT, proxy: withdrawn });

    // The snapshot server has what the control plane had sent: the pair, and who may not have it.
    await member.process.kill();
    await restartEnvoy(member);
    await serves([OWN]);
    assert.equal(await serialOf(OWN), new X509Certificate(second.cert).serialNumber);
    await member.restart();
    await serves([OWN]);
    await said({ ...KEPT, proxy: withdrawn });

    await admin.apply(DELEGATED);
    await served(second);
    await said(KEPT);
    await member.process.kill();
    await restartEnvoy(member);
    await served(second);
    await member.restart();

    await admin.apply(secret(third));
    await served(third);
    await said(NOTHING);
  },
);
