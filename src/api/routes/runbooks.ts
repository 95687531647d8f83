import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type RequestHandler, Router } from "express";
import { marked } from "marked";
import { ApiProblem } from "../api-problem.ts";

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; }
body { margin: 0; background: light-dark(#fff, #0f1216); color: light-dark(#1a1e24, #e6e9ee); }
main { max-width: 46rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.15rem; margin-top: 2rem; }
a { color: light-dark(#1a5fb4, #8ab8f5); }
pre { padding: .8rem 1rem; overflow-x: auto; border-radius: 6px; background: light-dark(#f4f5f7, #171b21); }
code { font: .88em ui-monospace, monospace; } table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid light-dark(#d5d9e0, #2b313a); }
`;

/** For these pages: their one style by hash, nothing else. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${hash("sha256", STYLE, "base64")}'`,
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** GET /alerts/runbooks/ALERT.md: the page that an alert's link leads to. `directory` is alerts/runbooks. */
export function runbookRoutes(directory: string): RequestHandler {
  const router = Router();
  router.get("/alerts/runbooks/:file", async (request, response) => {
    // A name of letters and nothing else: no way out of the folder.
    const name = /^([A-Za-z0-9]+)(\.md)?$/.exec(request.params.file)?.[1];
    const text =
      name === undefined ? undefined : await readFile(join(directory, `${name}.md`), "utf8").catch(() => undefined);
    if (name === undefined || text === undefined) {
      throw new ApiProblem(404, "No such runbook", "no alert has this name", "see the alerts in the console");
    }
    response
      .set("Content-Security-Policy", POLICY)
      .type("html")
      .send(page(name, await marked(text)));
  });
  return router;
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Binnacle</title><style>${STYLE}</style></head>
<body><main>${body}</main></body></html>
`;
}
