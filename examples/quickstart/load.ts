// The quick start's gentle load: some requests a second through the appliance, so that there is something to see. It ends by
// itself after two hours, or with the appliance. `node load.ts PORT`
import { Agent, request } from "node:http";
import { setInterval as every } from "node:timers/promises";
import { parseArgs } from "node:util";
import { requests } from "./programs.ts";

const PER_SECOND = 12;
const MOST_MS = 2 * 60 * 60 * 1000;
/** Answers that are waited for at a time: a stalled upstream does not pile up requests. */
const MOST_OPEN = 50;

const port = Number(parseArgs({ allowPositionals: true }).positionals[0] ?? 8080);
const wheel = requests.flatMap((target) => Array.from({ length: target.share }, () => target));
const agent = new Agent({ keepAlive: true, maxSockets: MOST_OPEN });
let open = 0;

const end = Date.now() + MOST_MS;
for await (const _ of every(1000 / PER_SECOND)) {
  if (Date.now() > end) break;
  if (open >= MOST_OPEN) continue;
  const target = wheel[Math.floor(Math.random() * wheel.length)]!;
  open += 1;
  void send(target.host, target.path).finally(() => {
    open -= 1;
  });
}
agent.destroy();

/** Resolves when the answer has ended, or there is none: both are what the live view is there to show. */
function send(host: string, path: string): Promise<void> {
  return new Promise((resolve) => {
    const headers = { host, "user-agent": "binnacle-quickstart-load" };
    const sent = request({ host: "127.0.0.1", port, path, headers, agent }, (response) => {
      response.resume();
      response.once("close", resolve);
    });
    sent.once("error", () => resolve());
    sent.end();
  });
}
