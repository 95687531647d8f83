import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import { parsePasswordHash } from "#lib/password-hash.ts";
import { maps, type Report, reportDuplicates, rule, text } from "#lib/schema-rules.ts";
import { checkDnsLabel } from "#resources/names.ts";
import { settingKinds } from "./setting.ts";

/** What a Basic header and a log line carry without doubt (RFC 7617 §2 forbids the colon). */
const userName = text((value) =>
  /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$/.test(value)
    ? undefined
    : { message: `found ${describeValue(value)}, expected letters, digits and . _ @ + -, at most 100` },
);
settingKinds.add(userName, { takes: "name" });

// What was found is not repeated: it may be the password.
const passwordHash = text((value) =>
  parsePasswordHash(value) === undefined
    ? { message: "found something else than a hash of a password", fix: "write what `binnacle user hash` prints" }
    : undefined,
);
settingKinds.add(passwordHash, { takes: "hash" });

const tokenHash = text((value) =>
  /^sha256:[0-9a-f]{64}$/.test(value)
    ? undefined
    : { message: "found something else than a hash of a token", fix: "write what `binnacle user token` prints" },
);
settingKinds.add(tokenHash, { takes: "digest" });

const namespaces = z.union([z.literal("all"), z.array(text(checkDnsLabel)).min(1)], {
  error: (issue) => `found ${describeValue(issue.input)}, expected all, or a list of namespaces`,
});
settingKinds.add(namespaces, { takes: "all or list of namespaces" });

const user = z
  .strictObject({
    name: userName.describe("The name they sign in with; it stands under their silences."),
    passwordHash: passwordHash.exactOptional().describe("What `binnacle user hash` prints for the password."),
    tokenHashes: z
      .array(tokenHash)
      .default([])
      .describe(
        "What `binnacle user token` prints, for programs and kubectl; several, so that one can follow another.",
      ),
    role: z
      .enum(["viewer", "operator", "admin"])
      .describe("viewer sees; operator also silences alerts, pins requests and confirms what is held; admin: all."),
    namespaces: namespaces.exactOptional().describe("Where the role holds; an admin has no need of it: all."),
  })
  .check(rule(checkUser))
  .transform(({ namespaces: named = "all", ...rest }) => ({ ...rest, namespaces: named }));

/** `api.users`: who may come in besides whoever has the token of the state directory. */
export const users = z.array(user).check(rule(checkUsers)).default([]);

function checkUser(
  { passwordHash, tokenHashes, role, namespaces }: Readonly<Record<string, unknown>>,
  report: Report,
): void {
  if (passwordHash === undefined && !(Array.isArray(tokenHashes) && tokenHashes.length > 0)) {
    report([], "there is no way for them to come in", "add a passwordHash or tokenHashes");
  }
  if (role === "admin" && namespaces !== undefined && namespaces !== "all") {
    report(["namespaces"], "an admin's are all", "remove it, or make them an operator");
  }
  if ((role === "viewer" || role === "operator") && namespaces === undefined) {
    report(["namespaces"], `missing, a ${role} has the role somewhere`, "list namespaces, or write all");
  }
}

function checkUsers(entries: readonly unknown[], report: Report): void {
  reportDuplicates(
    maps(entries),
    ({ name }) => (typeof name === "string" ? `name ${name}` : undefined),
    (index, message) => report([index, "name"], message, "give each user their own name"),
  );
  const tokens = maps(entries).flatMap(({ tokenHashes }, user) =>
    (Array.isArray(tokenHashes) ? tokenHashes : []).map((hash: unknown, index) => ({ user, index, hash })),
  );
  reportDuplicates(
    tokens,
    ({ hash }) => (typeof hash === "string" ? hash : undefined),
    (at) => {
      const { user = 0, index = 0 } = tokens[at] ?? {};
      report([user, "tokenHashes", index], "the same token stands twice", "make each user a token of their own");
    },
  );
}
