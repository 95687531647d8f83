// One of the quick start's upstream programs: `node upstream.ts NAME`. It listens on its endpoints' ports until it is ended.
import { createServer, type RequestListener } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { programs } from "./programs.ts";

const name = parseArgs({ allowPositionals: true }).positionals[0] ?? "";
const program = programs.find((candidate) => candidate.name === name);
if (program === undefined) {
  process.stderr.write(`usage: node upstream.ts ${programs.map((known) => known.name).join("|")}\n`);
  process.exit(2);
}

for (const { port, delayMs = 0, failEvery = 0 } of program.endpoints) {
  let requests = 0;
  const answer: RequestListener = async (request, response) => {
    if (request.url === "/healthz") {
      response.end("ok\n");
      return;
    }
    requests += 1;
    await delay(delayMs * (0.5 + Math.random()));
    if (failEvery > 0 && requests % failEvery === 0)
      response.writeHead(500, { "content-type": "text/plain" }).end("something broke\n");
    else
      response
        .writeHead(200, { "content-type": "text/plain" })
        .end(`${program.name} on port ${port}: ${request.url ?? ""}\n`);
  };
  createServer((request, response) => void answer(request, response)).listen(port, "127.0.0.1");
}
