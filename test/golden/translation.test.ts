import { join } from "node:path";
import { suite } from "node:test";
import { goldenTests } from "./golden.ts";
import { translate } from "./translation.ts";

suite("objects → IR and status", () => goldenTests(join(import.meta.dirname, "translation"), translate, 4));
