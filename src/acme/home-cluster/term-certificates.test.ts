import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeClient } from "#kubernetes/client.ts";
import type { Clock } from "#kubernetes/clock.ts";
import { KubeError } from "#kubernetes/kube-error.ts";
import type { RateLimiter } from "#kubernetes/rate-limit.ts";
import type { KubeObject } from "#kubernetes/resource-type.ts";
import { TermWriter } from "#kubernetes/term-writer.ts";
import { silentLogger } from "#lib/log.ts";
import { NOTHING_RECORDED } from "../certificate-records.ts";
import { CertificateSecrets } from "./certificate-secrets.ts";
import { certificateSecret } from "./secret-form.ts";
import { TermCertificates } from "./term-certificates.ts";

const SHOP = { namespace: "team", name: "shop-tls" };

function secretAt(resourceVersion: string): KubeObject {
  const secret = certificateSecret("home", SHOP, NOTHING_RECORDED, undefined);
  return { ...secret, metadata: { ...secret.metadata, resourceVersion } };
}

/** An API server that refuses writes over any state but the one that it has, and what was paused between them. */
function world(standing: KubeObject, refusals: number) {
  const pauses: number[] = [];
  const written: (string | undefined)[] = [];
  const client = {
    get: () => Promise.resolve(standing),
    replace: (_type: unknown, secret: KubeObject) => {
      const { resourceVersion } = secret.metadata;
      written.push(resourceVersion);
      if (written.length <= refusals || resourceVersion !== standing.metadata.resourceVersion)
        return Promise.reject(new KubeError("another was faster", { code: 409, reason: "Conflict" }));
      return Promise.resolve(secret);
    },
  } as unknown as KubeClient;
  const clock: Clock = {
    monotonic: () => 0,
    now: () => 0,
    schedule: (callback, milliseconds) => {
      pauses.push(milliseconds);
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    },
  };
  const secrets = new CertificateSecrets({ client, namespace: "home", log: silentLogger });
  const { signal } = new AbortController();
  const limiter = { turn: () => Promise.resolve() } as unknown as RateLimiter;
  const writer = new TermWriter(client, limiter, { signal, remaining: 60_000 });
  const certificates = new TermCertificates({ secrets, writer, namespace: "home", clock });
  const keep = (): Promise<void> => certificates.keep(SHOP, { issued: undefined, failure: undefined }, signal);
  return { secrets, keep, pauses, written };
}

test("a conflict is tried again after a pause, each time over what stands there then", async () => {
  const { secrets, keep, pauses, written } = world(secretAt("8"), 3);
  secrets.saw(secretAt("7"));
  await keep();
  assert.deepEqual(written, ["7", "8", "8", "8"]);
  assert.equal(pauses.length, 3);
  assert.ok(pauses.every((pause) => pause > 0));
});

test("after the API server's data was restored from a copy, its earlier versions count", async () => {
  const { secrets, keep, written } = world(secretAt("12"), 0);
  secrets.saw(secretAt("90"));
  secrets.saw(secretAt("12"));
  assert.equal(secrets.secretOf(SHOP)?.metadata.resourceVersion, "90", "an event that comes late does not");
  await keep();
  assert.deepEqual(written, ["90", "12"]);
  assert.equal(secrets.secretOf(SHOP)?.metadata.resourceVersion, "12");
});
