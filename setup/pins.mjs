// Versions and checksums of what is fetched outside package-lock.json. They are changed here and nowhere else.
import { readFileSync } from "node:fs";

export const pins = JSON.parse(readFileSync(new URL("pins.json", import.meta.url), "utf8"));
