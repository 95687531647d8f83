import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import { type Complaint, text } from "#lib/schema-rules.ts";
import { checkDnsLabel, checkPortName, checkQualifiedName } from "./names.ts";

/** As {@link text}, where the API server takes an empty text for an absent one. */
export function textOrEmpty(check: (text: string) => Complaint | undefined): z.ZodDefault<z.ZodString> {
  return text((value) => (value === "" ? undefined : check(value))).default("");
}

/** A port's number. */
export const portNumber = z.int().min(1).max(65535);

/** A port's name where it is one of several: empty for none. */
export const optionalPortName = textOrEmpty(checkDnsLabel);

export const PROTOCOLS = ["TCP", "UDP", "SCTP"] as const;
export const protocol = z.enum(PROTOCOLS);

/** `appProtocol` of a port: an IANA name or a prefixed one, e.g. `kubernetes.io/h2c`. */
export const appProtocol = text(checkQualifiedName);

/** A port by number, or by the name it has elsewhere. */
export const portNumberOrName = z.custom<number | string>().check((payload) => {
  const { value } = payload;
  const complaint = checkPortNumberOrName(value);
  if (complaint === undefined) return;
  const { message, fix } = complaint;
  payload.issues.push({ code: "custom", input: value, message, params: { fix }, continue: true });
});

function checkPortNumberOrName(value: unknown): Complaint | undefined {
  if (typeof value === "string") return checkPortName(value);
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65535) return undefined;
  return { message: `found ${describeValue(value)}, expected a port number from 1 to 65535 or a port's name` };
}

/** A map of texts, such as a selector. */
export const textMap = z.record(z.string(), z.string());

/** `check` of a text that may be empty, which counts as absent: {@link withoutEmpty} leaves it out. */
export function orEmpty(check: (text: string) => Complaint | undefined): z.ZodString {
  return text((value) => (value === "" ? undefined : check(value)));
}

/** A map without those of its texts that are empty: to Go, in which the API's programs are written, they are absent. */
export function withoutEmpty<K extends string>(
  ...names: readonly K[]
): <T extends { readonly [P in K]?: string }>(map: T) => T {
  return (map) => {
    if (!names.some((name) => map[name] === "")) return map;
    const kept = { ...map };
    for (const name of names) if (kept[name] === "") delete kept[name];
    return kept;
  };
}
