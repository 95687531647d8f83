// Does what the README tells a newcomer to do, with the quick start in a folder that may be edited. Fails with what differs.
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import type { AlertsAnswer, StatusAnswer } from "#api/answers.ts";
import { listeningSockets } from "#supervisor/port-holder.ts";
import { listeningPort } from "../support/free-port.ts";
import { type HttpAnswer, httpGet } from "../support/http-get.ts";
import { temporaryDirectory } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const HTTP = { port: 8080 };

await using home = await temporaryDirectory("readme");
const quickstart = join(home.path, "quickstart");
const state = join(home.path, "state");
await cp(join(ROOT, "examples/quickstart"), quickstart, { recursive: true });
const readme = await readFile(join(ROOT, "README.md"), "utf8");

await using pager = await startPager();
await writeFile(
  join(quickstart, "binnacle.yaml"),
  (await readFile(join(quickstart, "binnacle.yaml"), "utf8")).replace(
    /^alerts:\n/m,
    `alerts:
  receivers: [{ name: on-call, webhook: { url: "http://127.0.0.1:${pager.port}/" } }]
  defaultReceiver: on-call
  groupWait: 1s
`,
  ),
);

step("npm run up");
assert.ok(readme.includes("    npm run up\n"));
const up = spawn(
  "npm",
  ["run", "up", "--", "--config", join(quickstart, "binnacle.yaml"), "--demo", "--state", state],
  {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  },
);
const ended = once(up, "exit");
try {
  const printed = await printedUntil(up, "Ctrl-C stops all of it.");

  step("the addresses that it prints");
  const token = (await readFile(join(state, "token"), "utf8")).trim();
  const api = (path: string): Promise<Response> =>
    fetch(`http://127.0.0.1:8600${path}`, { headers: { authorization: `Bearer ${token}` } });
  const signIn = /console +(http\S+)/.exec(printed)?.[1];
  assert.ok(signIn, "a sign-in link is printed");
  const signedIn = await openLink(signIn);
  assert.equal(signedIn.status, 303);
  assert.match(String(signedIn.headers["set-cookie"]), /HttpOnly/);
  assert.equal((await openLink(signIn)).headers["set-cookie"], undefined, "the link signs in once");
  for (const path of ["/", "/prometheus/api/v1/query?query=up", "/alertmanager/api/v2/alerts"]) {
    assert.equal((await api(path)).status, 200, path);
  }
  for (const host of ["shop.localhost", "blog.localhost"]) {
    await until(() => httpGet(HTTP, "/", { host }), {
      accept: ({ status }) => status === 200,
      what: `${host} to answer`,
    });
  }

  step("nothing listens beyond loopback");
  const open = listeningSockets().filter(({ address }) => !["127.0.0.1", "::1", "::ffff:127.0.0.1"].includes(address));
  // Only in a network of our own is everything that listens ours.
  if (process.env["OWN_NETWORK"] === "true") assert.deepEqual(open, []);

  step("edit a manifest");
  assert.ok(readme.includes("    curl http://shop.localhost:8080/cart\n"));
  const manifest = join(quickstart, "manifests/team-shop.yaml");
  await writeFile(manifest, (await readFile(manifest, "utf8")).replace("path: /cart", "path: /basket"));
  await until(() => httpGet(HTTP, "/basket", { host: "shop.localhost" }), {
    accept: ({ body }) => body.startsWith("cart on port"),
    what: "the new path to lead to the cart",
  });
  assert.match((await httpGet(HTTP, "/cart", { host: "shop.localhost" })).body, /^storefront on port/);

  step("the commands");
  assert.match(await binnacle("status"), /^binnacle .* ready\n14 objects, 0 with errors/);
  assert.match(await binnacle("get", "ingresses", "-n", "team-shop"), /^NAMESPACE +NAME .*\nteam-shop +shop .* OK /);
  // Counters are read every two seconds, and all this has taken little more.
  await until(() => binnacle("top", "--once"), { accept: (top) => top.includes("shop.localhost"), what: "top's rows" });
  const again = await openLink((await binnacle("sign-in")).trim());
  assert.match(String(again.headers["set-cookie"]), /HttpOnly/);
  assert.match(await binnacle("check", "--config", join(quickstart, "binnacle.yaml")), /: 0 errors, 0 warnings\n$/);

  step("kill an upstream");
  assert.ok(readme.includes("    pkill -f 'upstream.ts cart'\n"));
  const { children } = (await (await api("/api/v1/status")).json()) as StatusAnswer;
  const cart = children.find(({ name }) => name === "demo-cart")?.pid;
  assert.ok(cart, "the cart's program runs");
  process.kill(cart, "SIGKILL");
  await until(() => httpGet(HTTP, "/basket", { host: "shop.localhost" }), {
    accept: ({ status }) => status === 503,
    what: "requests to the cart to fail",
  });
  const alerts = async (): Promise<AlertsAnswer["alerts"]> =>
    ((await (await api("/api/v1/alerts")).json()) as AlertsAnswer).alerts;
  const isCart = ({ name, summary }: AlertsAnswer["alerts"][number]): boolean =>
    name === "UpstreamNoHealthyEndpoints" && summary.includes("team-shop/cart");
  await until(async () => (await alerts()).find(isCart), { what: "the alert", timeoutMs: 120_000, intervalMs: 500 });
  await until(() => pager.calls.find((call) => call.includes("team-shop") && call.includes("cart")), {
    what: "the webhook to be told of team-shop/cart",
    timeoutMs: 60_000,
  });

  step("Ctrl-C");
  up.kill("SIGINT");
  const [code] = (await ended) as [number | null];
  assert.equal(code, 0, "it ends well");
  await assert.rejects(httpGet(HTTP, "/", { host: "shop.localhost" }), "nothing listens any more");
} finally {
  up.kill("SIGINT");
  await ended;
}

function step(name: string): void {
  process.stdout.write(`${name}\n`);
}

async function binnacle(...argv: string[]): Promise<string> {
  const args = [join(ROOT, "src/cli.ts"), ...argv, ...(argv[0] === "check" ? [] : ["--state", state])];
  return (await promisify(execFile)(process.execPath, args, { cwd: ROOT })).stdout;
}

/** As a browser, which knows that *.localhost is this machine. */
function openLink(link: string): Promise<HttpAnswer> {
  const { hostname, port, host, pathname, search } = new URL(link);
  assert.match(hostname, /\.localhost$/);
  return httpGet({ port: Number(port) }, `${pathname}${search}`, { host });
}

/** What the child has printed once `words` are among it. Throws with all of it when it ends before. */
async function printedUntil(child: ChildProcess, words: string): Promise<string> {
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data: Buffer) => (printed += data.toString()));
  let hasEnded = false;
  child.once("exit", () => {
    hasEnded = true;
  });
  await until(() => printed.includes(words) || hasEnded, {
    what: `${JSON.stringify(words)} to be printed`,
    timeoutMs: 120_000,
  });
  assert.ok(printed.includes(words), printed);
  return printed;
}

/** The receiver of alerts: keeps what it is called with. */
async function startPager(): Promise<{ port: number; calls: string[] } & AsyncDisposable> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      calls.push(body);
      response.end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: listeningPort(server),
    calls,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
