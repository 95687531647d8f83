import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProblem } from "#lib/problem.ts";
import { defaultConfig, loadConfig } from "./load-config.ts";

const SERVER = "directory: https://ca.test/dir, agreeToTerms: true";

function problemsOf(text: string): readonly string[] {
  return loadConfig(text, "binnacle.yaml").problems.map((problem) =>
    formatProblem(problem).replace(/^binnacle\.yaml:\d+: /, ""),
  );
}

test("it is off by default, and a server needs two words", () => {
  assert.equal(defaultConfig().acme, undefined);
  assert.deepEqual(loadConfig(`acme: {${SERVER}, caFile: ca.pem}`, "/etc/binnacle.yaml").config?.acme, {
    directory: "https://ca.test/dir",
    agreeToTerms: true,
    caFile: "/etc/ca.pem",
    keyType: "ecdsa-p256",
    renewBefore: 30 * 86_400_000,
  });
});

const WRONG: Readonly<Record<string, RegExp>> = {
  "acme: {agreeToTerms: true}": /^acme\.directory: missing/,
  "acme: {directory: http://ca.test/dir, agreeToTerms: true}":
    /^acme\.directory: found the text "http:\/\/ca\.test\/dir", expected the https:\/\/ address/,
  "acme: {directory: https://ca.test/dir}": /^acme\.agreeToTerms: no certificate is issued .* write agreeToTerms: true/,
  [`acme: {${SERVER}, email: nobody}`]: /^acme\.email: found the text "nobody", expected one e-mail address/,
  [`acme: {${SERVER}, keyType: dsa}`]: /^acme\.keyType: /,
  [`acme: {${SERVER}, renewBefore: 5s}`]: /^acme\.renewBefore: .*at least 60s/,
};

for (const [text, words] of Object.entries(WRONG)) {
  test(text, () => {
    const problems = problemsOf(text);
    assert.equal(problems.length, 1, problems.join("\n"));
    assert.match(problems[0] ?? "", words);
  });
}
