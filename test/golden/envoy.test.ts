import { join } from "node:path";
import { suite } from "node:test";
import { unpackBytes } from "#lib/packed-bytes.ts";
import type { IrItem } from "#translate/ir.ts";
import { TYPE_URLS } from "#xds/resource.ts";
import { encodeItem } from "#xds/resources/encode.ts";
import type { ListenerDefaults } from "#xds/resources/listener.ts";
import { decodeMessage } from "./envoy-message.ts";
import { goldenTests } from "./golden.ts";

const DEFAULTS: ListenerDefaults = { streamIdleTimeout: 300_000, accessLog: undefined };

/** The documents of a case are items of the intermediate representation; a first one `defaults: …` is for its listeners. */
function encode(documents: readonly unknown[]): unknown {
  const [first, ...rest] = documents as readonly { readonly defaults?: Partial<ListenerDefaults> }[];
  const own = first?.defaults;
  const defaults = { ...DEFAULTS, ...own };
  return (own === undefined ? documents : rest).map((document) => {
    const { type, name, bytes } = encodeItem(document as IrItem, [], defaults);
    return { [`${type} ${name}`]: decodeMessage(TYPE_URLS[type].replace(/^.*\//, ""), unpackBytes(bytes)) };
  });
}

suite("IR → Envoy's messages", () => goldenTests(join(import.meta.dirname, "envoy"), encode, 12));
