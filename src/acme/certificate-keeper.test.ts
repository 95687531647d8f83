import assert from "node:assert/strict";
import { once, EventEmitter } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setImmediate } from "node:timers/promises";
import { silentLogger } from "#lib/log.ts";
import { certificateAuthority } from "../../test/integration/support/certificate.ts";
import { AcmeError } from "./acme-error.ts";
import { CertificateFiles } from "./certificate-files.ts";
import { CertificateKeeper, type CertificateStatus } from "./certificate-keeper.ts";
import { type CertificateWriter, ChangedElsewhere } from "./certificate-records.ts";
import { RETRY_TIMES } from "./renewal.ts";

// What Pebble cannot be made to say: limits, with the time after which it wants to be asked again. The rest is in test/partners/acme.

const SHOP = { namespace: "team", name: "shop-tls", hosts: ["shop.test"] };
const NOW = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

class Bed {
  readonly changes = new EventEmitter<{ change: [CertificateStatus | undefined]; order: [string] }>();
  readonly folder: string;
  asked = 0;
  now = NOW;
  /** What the server answers. */
  answer: () => Promise<string> = () => Promise.reject(new AcmeError("rateLimited", "too many certificates", 5 * HOUR));

  constructor(context: TestContext) {
    this.folder = mkdtempSync(join(tmpdir(), "binnacle-keeper-"));
    context.after(() => rmSync(this.folder, { recursive: true }));
  }

  /** One that orders until it is disposed of. */
  keeper(directory = "https://ca.test/dir", writer?: CertificateWriter): CertificateKeeper & AsyncDisposable {
    const files = new CertificateFiles(this.folder);
    const keeper = new CertificateKeeper({
      directory,
      server: {
        issue: async ({ accountKey, publish }) => {
          this.asked += 1;
          await accountKey();
          await publish([]);
          return await this.answer();
        },
      },
      records: files,
      keyType: "ecdsa-p256",
      renewBefore: HOUR,
      retry: RETRY_TIMES,
      onChange: (_, status) => this.changes.emit("change", status),
      served: () => Promise.resolve(),
      onOrder: (result) => this.changes.emit("order", result),
      now: () => this.now,
      log: silentLogger,
    });
    const stop = new AbortController();
    const ordering = keeper.order(writer ?? files, stop.signal);
    return Object.assign(keeper, {
      [Symbol.asyncDispose]: async () => {
        stop.abort();
        await ordering;
      },
    });
  }
}

test("a limit: the next try is when the server wants it, also after a restart; another wish is tried at once", async (context) => {
  const bed = new Bed(context);
  {
    await using keeper = bed.keeper();
    const ordered = once(bed.changes, "order");
    keeper.want([SHOP]);
    assert.deepEqual(await ordered, ["rateLimited"]);
    const [{ failure } = {}] = keeper.statuses();
    assert.equal(failure?.next, NOW + 5 * HOUR);
    assert.equal(failure.count, 1);
  }
  assert.equal(bed.asked, 1);
  {
    await using keeper = bed.keeper();
    keeper.want([SHOP]);
    assert.equal(keeper.statuses()[0]?.failure?.next, NOW + 5 * HOUR);
    const ordered = once(bed.changes, "order");
    keeper.want([{ ...SHOP, hosts: ["other.test", "shop.test"] }]);
    await ordered;
    assert.equal(bed.asked, 2);
    assert.equal(keeper.statuses()[0]?.failure?.count, 2);
  }
  {
    await using keeper = bed.keeper("https://staging.test/dir");
    const ordered = once(bed.changes, "order");
    keeper.want([SHOP]);
    await ordered;
  }
  assert.equal(bed.asked, 3);
});

test("a failure of a time to come, by a clock that was wrong, is waited for no longer than until it is right", async (context) => {
  const bed = new Bed(context);
  bed.now = Date.UTC(2040, 0, 1);
  for (const [now, asked] of [
    [bed.now, 1],
    [NOW, 2],
  ] as const) {
    bed.now = now;
    await using keeper = bed.keeper();
    const ordered = once(bed.changes, "order");
    keeper.want([SHOP]);
    await ordered;
    assert.equal(bed.asked, asked);
    assert.equal(keeper.statuses()[0]?.failure?.next, now + 5 * HOUR);
  }
});

test("what is wanted no more is told, and asked for no more", async (context) => {
  const bed = new Bed(context);
  await using keeper = bed.keeper();
  const ordered = once(bed.changes, "order");
  keeper.want([SHOP]);
  await ordered;
  const gone = once(bed.changes, "change");
  keeper.want([]);
  assert.deepEqual(await gone, [undefined]);
  assert.deepEqual(keeper.statuses(), []);
});

test("a certificate that is old when it comes serves, and is not ordered again at once", async (context) => {
  const bed = new Bed(context);
  const validity = { from: new Date(NOW - 2 * HOUR), until: new Date(NOW - HOUR) };
  const { cert } = certificateAuthority().issue(["shop.test"], validity);
  bed.answer = () => Promise.resolve(cert);
  await using keeper = bed.keeper();
  const ordered = once(bed.changes, "order");
  keeper.want([SHOP]);
  assert.deepEqual(await ordered, ["issued"]);
  const [{ issued, failure } = {}] = keeper.statuses();
  assert.equal(issued?.chain, cert);
  assert.match(failure?.message ?? "", /ends at 2025-12-31T23:00:00.000Z and has to be renewed at once/);
  assert.ok((failure?.next ?? 0) >= NOW + HOUR / 4);
  assert.equal(bed.asked, 1);
});

test("where nothing can be written an order ends as it would, and the next one waits as long", async (context) => {
  const bed = new Bed(context);
  await using keeper = bed.keeper();
  writeFileSync(join(bed.folder, "certificates"), "a file in place of the folder");
  const ordered = once(bed.changes, "order");
  keeper.want([SHOP]);
  assert.deepEqual(await ordered, ["rateLimited"]);
  assert.equal(keeper.statuses()[0]?.failure?.next, NOW + 5 * HOUR);
});

test("what belongs to an order and cannot be kept is no fault of the server's, and is told", async (context) => {
  const bed = new Bed(context);
  const refuse = (): Promise<never> => Promise.reject(new Error("secrets is forbidden"));
  await using keeper = bed.keeper(undefined, { accountKey: refuse, publish: refuse, keep: refuse });
  const ordered = once(bed.changes, "order");
  keeper.want([SHOP]);
  assert.deepEqual(await ordered, ["unkept"]);
  const [{ failure } = {}] = keeper.statuses();
  assert.equal(failure?.message, "the account's key cannot be kept: secrets is forbidden");
  assert.ok(failure.next >= NOW + HOUR / 120);
});

test("an order in which another one was faster is given up without a failure, and what that one brought is taken", async (context) => {
  const bed = new Bed(context);
  const files = new CertificateFiles(bed.folder);
  const { cert, key } = certificateAuthority().issue(["shop.test"], {
    from: new Date(NOW),
    until: new Date(NOW + 9 * HOUR),
  });
  const issued = { directory: "https://ca.test/dir", hosts: SHOP.hosts, chain: cert, privateKey: key };
  const publish = async (): Promise<never> => {
    await files.keep(SHOP, { issued, failure: undefined });
    keeper.look(SHOP);
    throw new ChangedElsewhere(SHOP);
  };
  const writer: CertificateWriter = {
    accountKey: (directory) => files.accountKey(directory),
    publish,
    keep: (certificate, kept) => files.keep(certificate, kept),
  };
  await using keeper = bed.keeper(undefined, writer);
  keeper.want([SHOP]);
  while (keeper.statuses()[0]?.issued === undefined) await once(bed.changes, "change");
  await setImmediate();
  const [{ failure } = {}] = keeper.statuses();
  assert.equal(failure, undefined);
  assert.equal(bed.asked, 1, "there is one that is good for hours");
});

test("a file that is not one of ours is none; each directory has an account of its own that stays", async (context) => {
  const { folder } = new Bed(context);
  const files = new CertificateFiles(folder);
  const nothing = { issued: undefined, failure: undefined };
  assert.deepEqual(files.read(SHOP), { ...nothing, challenges: [] });
  await files.keep(SHOP, nothing);
  writeFileSync(join(folder, "certificates/team/shop-tls.json"), '{"issued": ');
  assert.deepEqual(files.read(SHOP), { ...nothing, challenges: [] });
  const key = await files.accountKey("https://ca.test/dir");
  assert.equal(await new CertificateFiles(folder).accountKey("https://ca.test/dir"), key);
  assert.notEqual(await files.accountKey("https://staging.test/dir"), key);
});
