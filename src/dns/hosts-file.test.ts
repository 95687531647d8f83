import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHosts, readHosts } from "./hosts-file.ts";

test("names and addresses of a hosts file; comments and what is no address are left out", () => {
  const hosts = parseHosts(
    "127.0.0.1\tlocalhost  Here # and there\n# 10.0.0.1 old\n::1 localhost\nx y\n\n10.0.0.2 db db.example.com\n",
  );
  assert.deepEqual(Object.fromEntries(hosts), {
    localhost: ["127.0.0.1", "::1"],
    here: ["127.0.0.1"],
    db: ["10.0.0.2"],
    "db.example.com": ["10.0.0.2"],
  });
});

test("a machine without the file has no such names", async () => {
  assert.equal((await readHosts("/nowhere/hosts")).size, 0);
});
