import { join } from "node:path";
import { hasCode } from "#lib/error-code.ts";
import { type RequestHandler, Router, static as serveFolder } from "express";
import { notBuiltPage, SIGN_IN_POLICY } from "./sign-in-page.ts";

/**
 * The built console. Files under assets/ carry a hash of their content in the name and are kept for ever; the page itself
 * is asked for anew each time, so that a reload gets the new build.
 */
export function consoleFiles(folder: string): RequestHandler {
  const router = Router();
  router.use(
    "/assets",
    serveFolder(join(folder, "assets"), {
      immutable: true,
      maxAge: "365d",
      index: false,
      redirect: false,
      dotfiles: "deny",
    }),
  );
  router.get("/", (_request, response, next) => {
    response.sendFile(
      "index.html",
      { root: folder, cacheControl: false, headers: { "Cache-Control": "no-store" } },
      (error) => {
        if (error === undefined || response.headersSent) return;
        if (hasCode(error, "ENOENT")) {
          response.set("Content-Security-Policy", SIGN_IN_POLICY).type("html").send(notBuiltPage());
        } else next(error);
      },
    );
  });
  return router;
}
