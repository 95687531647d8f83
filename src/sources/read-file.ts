import type { Stats } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Problem } from "#lib/problem.ts";
import { fileProblem, systemProblem } from "./file-problem.ts";

/** Far above what people write, far below what would fill the memory. */
export const LARGEST_MANIFEST = 64 * 1024 * 1024;

/** The text of a manifest file, or why it cannot be had. */
export type FileText =
  | { readonly text: string }
  /** `lasting`: it stays so until the file changes. */
  | { readonly problem: Problem; readonly lasting: boolean };

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** @param stats what the file was when it was looked at */
export async function readManifestFile(path: string, stats: Stats): Promise<FileText> {
  if (stats.size > LARGEST_MANIFEST) {
    const message = `found ${Math.ceil(stats.size / 1024 / 1024)} MiB, expected at most ${LARGEST_MANIFEST / 1024 / 1024}`;
    return { problem: fileProblem(path, message, "split it into several files"), lasting: true };
  }
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    return { problem: systemProblem(path, "read the file", error), lasting: false };
  }
  try {
    return { text: UTF8.decode(bytes) };
  } catch {
    return { problem: fileProblem(path, "not text in UTF-8", "save it as UTF-8"), lasting: true };
  }
}
