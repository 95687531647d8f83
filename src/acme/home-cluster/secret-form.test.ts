import assert from "node:assert/strict";
import { test } from "node:test";
import type { RecordedCertificate } from "../certificate-records.ts";
import { NOTHING_RECORDED } from "../certificate-records.ts";
import {
  accountKeyOf,
  accountSecret,
  accountSecretName,
  certificateOf,
  certificateSecret,
  certificateSecretName,
  readCertificateSecret,
} from "./secret-form.ts";

const SHOP = { namespace: "team", name: "shop-tls" };
const WISH = { directory: "https://ca.test/dir", hosts: ["shop.test"] };
const RECORD: RecordedCertificate = {
  issued: { ...WISH, chain: "a chain", privateKey: "a key" },
  failure: { ...WISH, kind: "challenge", message: "not seen", count: 2, since: 1, next: 2 },
  challenges: [{ host: "shop.test", token: "token", content: "token.thumb" }],
};

test("what is known of a certificate comes back from its Secret as it was", () => {
  const partly = { ...NOTHING_RECORDED, challenges: RECORD.challenges };
  for (const record of [RECORD, NOTHING_RECORDED, partly]) {
    const secret = certificateSecret("home", SHOP, record, undefined);
    assert.deepEqual(readCertificateSecret(secret), record);
    assert.deepEqual(certificateOf(secret), SHOP);
  }
});

test("what others wrote into its metadata stays, and the state that is written over is named", () => {
  const metadata = {
    name: "acme.team.shop-tls",
    resourceVersion: "7",
    labels: { team: "shop" },
    annotations: { a: "b" },
  };
  const secret = certificateSecret("home", SHOP, NOTHING_RECORDED, { metadata });
  assert.deepEqual(secret.metadata, {
    ...metadata,
    namespace: "home",
    labels: { team: "shop", "binnacle.dev/acme": "certificate" },
  });
});

test("each certificate has a Secret of its own, whose name an API server takes", () => {
  const names = [
    { namespace: "team", name: "a" },
    { namespace: "team", name: "a.b" },
    { namespace: "team-a", name: "b" },
    { namespace: "team", name: "a".repeat(253) },
    { namespace: "team", name: `${"a".repeat(252)}b` },
  ].map(certificateSecretName);
  assert.equal(new Set(names).size, names.length);
  for (const name of names)
    assert.match(name, /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
});

test("a Secret that somebody broke keeps nothing, and one without its pair has no certificate", () => {
  const { data: values, ...whole } = certificateSecret("home", SHOP, RECORD, undefined);
  const data = values as Readonly<Record<string, string>>;
  const broken: readonly unknown[] = [{}, { ...data, state: "e30=" }, { ...data, state: "%" }, undefined, { state: 5 }];
  for (const wrong of broken) {
    assert.deepEqual(readCertificateSecret({ ...whole, data: wrong }), NOTHING_RECORDED);
    assert.equal(certificateOf({ ...whole, data: wrong }), undefined);
  }
  const { state = "" } = data;
  assert.deepEqual(readCertificateSecret({ ...whole, data: { state } }), { ...RECORD, issued: undefined });
});

test("each directory has an account of its own", () => {
  const secret = accountSecret("home", "https://ca.test/dir", "a key");
  assert.equal(accountKeyOf(secret), "a key");
  assert.equal(secret.metadata.name, accountSecretName("https://ca.test/dir"));
  assert.notEqual(accountSecretName("https://staging.test/dir"), accountSecretName("https://ca.test/dir"));
});
