import assert from "node:assert/strict";
import { once, EventEmitter } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { silentLogger } from "#lib/log.ts";
import { AcmeError } from "./acme-error.ts";
import { CertificateFiles } from "./certificate-files.ts";
import { CertificateKeeper, type CertificateStatus } from "./certificate-keeper.ts";
import { RETRY_TIMES } from "./renewal.ts";

// What Pebble cannot be made to say: limits, with the time after which it wants to be asked again. The rest is in test/acme.

const SHOP = { namespace: "team", name: "shop-tls", hosts: ["shop.test"] };
const NOW = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

class Bed {
  readonly changes = new EventEmitter<{ change: [CertificateStatus | undefined]; order: [string] }>();
  readonly folder: string;
  asked = 0;
  now = NOW;

  constructor(context: TestContext) {
    this.folder = mkdtempSync(join(tmpdir(), "binnacle-keeper-"));
    context.after(() => rmSync(this.folder, { recursive: true }));
  }

  keeper(directory = "https://ca.test/dir"): CertificateKeeper {
    return new CertificateKeeper({
      directory,
      server: {
        issue: () => {
          this.asked += 1;
          return Promise.reject(new AcmeError("rateLimited", "too many certificates", 5 * HOUR));
        },
      },
      files: new CertificateFiles(this.folder),
      keyType: "ecdsa-p256",
      renewBefore: HOUR,
      retry: RETRY_TIMES,
      onChange: (_, status) => this.changes.emit("change", status),
      served: () => Promise.resolve(),
      onOrder: (result) => this.changes.emit("order", result),
      now: () => this.now,
      log: silentLogger,
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

test("a file that is not one of ours is none; each directory has an account of its own that stays", (context) => {
  const { folder } = new Bed(context);
  const files = new CertificateFiles(folder);
  const nothing = { issued: undefined, failure: undefined };
  assert.deepEqual(files.read("team", "shop-tls"), nothing);
  files.write("team", "shop-tls", nothing);
  writeFileSync(join(folder, "certificates/team/shop-tls.json"), '{"issued": ');
  assert.deepEqual(files.read("team", "shop-tls"), nothing);
  const key = files.accountKey("https://ca.test/dir");
  assert.equal(new CertificateFiles(folder).accountKey("https://ca.test/dir"), key);
  assert.notEqual(files.accountKey("https://staging.test/dir"), key);
});
