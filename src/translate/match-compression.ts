import type { IrCompression } from "./ir.ts";

type Encoding = IrCompression["encodings"][number];

/**
 * What Envoy encodes an answer with for a request with this Accept-Encoding (CompressorFilter::chooseEncoding); undefined: it
 * passes it on as it is. Of encodings that a client takes equally gladly the upstream's first is used, else the client's first.
 */
export function answerEncoding({ encodings }: IrCompression, accepted: string | undefined): Encoding | undefined {
  const wishes = (accepted ?? "").split(",").flatMap(wishOf);
  const refused = new Set(wishes.filter(({ weight }) => weight === 0).map(({ coding }) => coding));
  const offered = encodings.filter((encoding) => !refused.has(encoding));
  let best = { coding: "identity", weight: 0 };
  for (const wish of wishes) {
    const isOffered = offered.some((encoding) => encoding === wish.coding);
    if (!isOffered && wish.coding !== "identity" && wish.coding !== "*") continue;
    const isPreferred = isOffered && wish.coding === encodings[0];
    if (wish.weight > best.weight || (isPreferred && wish.weight === best.weight)) best = wish;
  }
  return best.coding === "*" ? offered[0] : offered.find((encoding) => encoding === best.coding);
}

/** `gzip;q=0.5` (RFC 9110 §12.5.3). A weight that is no number makes it count for nothing. */
function wishOf(text: string): readonly { readonly coding: string; readonly weight: number }[] {
  const [coding = "", parameter = ""] = text.split(";").map((part) => part.trim());
  if (coding === "") return [];
  const [name = "", value] = parameter.split("=").map((part) => part.trim());
  if (name.toLowerCase() !== "q" || value === undefined) return [{ coding, weight: 1 }];
  const weight = Number(value);
  return value === "" || Number.isNaN(weight) ? [] : [{ coding, weight }];
}
