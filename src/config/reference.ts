import { z } from "zod";
import { dump } from "js-yaml";
import { settingKinds } from "./setting.ts";

export interface Setting {
  /** `listeners[].port`. */
  readonly path: string;
  readonly takes: string;
  /** As it would be written; `undefined` when the setting is required or absent by default. */
  readonly defaultText: string | undefined;
  readonly required: boolean;
  readonly description: string;
}

/** Every setting of a schema of strict objects, in its order, maps and lists of maps before what stands in them. */
export function listSettings(schema: z.ZodType, path = ""): readonly Setting[] {
  const { core, defaultValue, required } = unwrap(schema);
  const setting: Setting = {
    path,
    takes: describeKind(core),
    defaultText: defaultValue === undefined || isEmptyMap(defaultValue) ? undefined : writeDefault(defaultValue),
    required,
    description: schema.description ?? "",
  };
  const own = path === "" ? [] : [setting];
  if (core instanceof z.ZodObject) {
    return [
      ...own,
      ...Object.entries(core.shape).flatMap(([key, inner]) =>
        listSettings(typed(inner), path === "" ? key : `${path}.${key}`),
      ),
    ];
  }
  if (core instanceof z.ZodArray) {
    const item = unwrap(typed(core.element)).core;
    if (item instanceof z.ZodObject) return [...own, ...listSettings(typed(core.element), `${path}[]`).slice(1)];
  }
  return own;
}

/** The tables of docs/configuration.md: one for each group of settings. Maps that only hold others have no row. */
export function renderReference(schema: z.ZodType): string {
  const settings = listSettings(schema);
  const groups = settings.filter(({ path }) => !/[.[]/.test(path));
  return groups
    .map((group) => {
      const rows = settings
        .filter(({ path, description }) => isUnder(path, group.path) && description !== "")
        .map(renderRow);
      const head = `## ${group.path}\n\n${group.description}${group.defaultText === undefined ? "" : ` By default ${code(group.defaultText)}.`}\n\n`;
      return `${head}| setting | takes | default | what it does |\n| --- | --- | --- | --- |\n${rows.join("\n")}\n`;
    })
    .join("\n");
}

function isUnder(path: string, group: string): boolean {
  return path.startsWith(`${group}.`) || path.startsWith(`${group}[]`);
}

function renderRow({ path, takes, defaultText, required, description }: Setting): string {
  const standard = required ? "required" : defaultText === undefined ? "" : code(defaultText);
  return `| ${code(path)} | ${takes.replaceAll("|", "\\|")} | ${standard} | ${description} |`;
}

function code(text: string): string {
  return `\`${text}\``;
}

interface Unwrapped {
  /** What is left without defaults and transformations. */
  readonly core: z.ZodType;
  readonly defaultValue: unknown;
  readonly required: boolean;
}

function unwrap(schema: z.ZodType): Unwrapped {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return { core: unwrap(typed(schema.def.innerType)).core, defaultValue: schema.def.defaultValue, required: false };
  }
  if (schema instanceof z.ZodExactOptional) return { ...unwrap(typed(schema.def.innerType)), required: false };
  if (settingKinds.get(schema) !== undefined) return { core: schema, defaultValue: undefined, required: true };
  if (schema instanceof z.ZodPipe) return unwrap(typed(schema.def.in));
  return { core: schema, defaultValue: undefined, required: true };
}

function describeKind(schema: z.ZodType): string {
  const known = settingKinds.get(schema)?.takes;
  if (known !== undefined) return known;
  if (schema instanceof z.ZodObject) return "map";
  if (schema instanceof z.ZodArray)
    return `list of ${describeKind(unwrap(typed(schema.element)).core)}s`.replace("maps", "maps");
  if (schema instanceof z.ZodBoolean) return "true or false";
  if (schema instanceof z.ZodEnum) return schema.options.join(", ").replace(/, ([^,]*)$/, " or $1");
  if (schema instanceof z.ZodString) return "text";
  throw new Error(`the reference page has no words for a setting of type ${schema.type}`);
}

function isEmptyMap(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}

function writeDefault(value: unknown): string {
  return dump(value, { flowLevel: 0 }).trim();
}

/** Zod's own types name the core of its schemas, which are all of the classic kind here. */
function typed(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodType) return schema;
  throw new TypeError("not a schema of zod's classic interface");
}
