import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import protobuf from "protobufjs";
import { loadProtos } from "../integration/support/envoy-protos.ts";

// Read with another implementation than the one that wrote it, from the same .proto files.

const list = resolve(import.meta.dirname, "../../setup/protos.txt");

/** Written without a generated module, for its one field. */
const OTHERS = ["envoy/extensions/transport_sockets/http_11_proxy/v3/upstream_http_11_connect.proto"];

const root = loadProtos([
  ...readFileSync(list, "utf8")
    .split("\n")
    .filter((line) => line.endsWith(".proto")),
  ...OTHERS,
]);

/** An encoded message of this type as plain values: wrappers and structs as what they hold, durations as text, Any by its type. */
export function decodeMessage(type: string, bytes: Uint8Array): unknown {
  const message = root.lookupType(type);
  return plain(message, message.decode(bytes));
}

function plain(type: protobuf.Type, message: protobuf.Message): unknown {
  const fields = message as unknown as Readonly<Record<string, unknown>>;
  switch (type.fullName.slice(1)) {
    case "google.protobuf.Duration":
      return `${Number(fields["seconds"]) + Number(fields["nanos"]) / 1e9}s`;
    case "google.protobuf.Struct":
      return structOf(message);
    case "google.protobuf.Any":
      return { "@type": typeName(fields["type_url"]), ...inAny(fields) };
    case "xds.type.v3.TypedStruct":
      return { "@json of": typeName(fields["type_url"]), ...(structOf(fields["value"]) as object) };
  }
  if (/^\.google\.protobuf\.\w+Value$/.test(type.fullName)) return fields["value"];
  const shown: Record<string, unknown> = {};
  for (const field of type.fieldsArray) {
    // Only what was on the wire is a property of the message itself.
    const empty = (field.repeated || field.map) && Object.keys(fields[field.name] as object).length === 0;
    if (Object.hasOwn(message, field.name) && !empty) shown[field.name] = plainField(field, fields[field.name]);
  }
  return shown;
}

function plainField(field: protobuf.Field, value: unknown): unknown {
  const type = field.resolve().resolvedType;
  const one = (item: unknown): unknown => {
    if (type instanceof protobuf.Type) return plain(type, item as protobuf.Message);
    if (type instanceof protobuf.Enum) return type.valuesById[item as number];
    return typeof item === "object" && item !== null ? Number(item) : item;
  };
  if (field.repeated) return (value as readonly unknown[]).map(one);
  if (!(field instanceof protobuf.MapField)) return one(value);
  return Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, one(item)]));
}

/** A type that is not among the .proto files has no fields in what is sent: it names an extension without settings. */
function inAny({ type_url, value }: Readonly<Record<string, unknown>>): object {
  const bytes = value as Uint8Array;
  if (bytes.length === 0) return {};
  const inner = decodeMessage(typeName(type_url), bytes);
  return typeof inner === "object" && inner !== null ? inner : { value: inner };
}

/** google.protobuf.Struct, Value and ListValue as JSON. */
function structOf(message: unknown): unknown {
  const value = message as Readonly<Record<string, unknown>>;
  const has = (name: string): boolean => Object.hasOwn(value, name);
  if (has("fields"))
    return Object.fromEntries(Object.entries(value["fields"] as object).map(([key, item]) => [key, structOf(item)]));
  if (has("structValue")) return structOf(value["structValue"]);
  if (has("listValue")) return ((value["listValue"] as { values?: readonly unknown[] }).values ?? []).map(structOf);
  const kind = ["stringValue", "numberValue", "boolValue"].find(has);
  return kind === undefined ? null : value[kind];
}

function typeName(url: unknown): string {
  return String(url).replace(/^.*\//, "");
}
