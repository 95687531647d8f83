// One of the quick start's upstream programs: `node upstream.ts NAME`. It listens on its endpoints' ports until it is ended.
import { createServer } from "node:http";
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
  createServer((request, response) => {
    if (request.url === "/healthz") {
      response.end("ok\n");
      return;
    }
    requests += 1;
    const fails = failEvery > 0 && requests % failEvery === 0;
    const body = fails ? "something broke\n" : `${program.name} on port ${port}: ${request.url ?? ""}\n`;
    const answer = (): unknown => response.writeHead(fails ? 500 : 200, { "content-type": "text/plain" }).end(body);
    setTimeout(answer, delayMs * (0.5 + Math.random()));
  }).listen(port, "127.0.0.1");
}
