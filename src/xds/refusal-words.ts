/** Longer than any reason that Envoy gives; a refused response can name all of its resources. */
const MOST_CHARACTERS = 2_000;

/**
 * What Envoy says of a refused response, without the resources' own text: for a broken rule it prints all of the message,
 * also that of a Secret, before the reason.
 */
export function refusalWords(message: string): string {
  const reason = message.replaceAll(/goo\.gle\/debug\w+[\s\S]*?(?=Proto constraint validation failed|$)/g, "");
  const words = reason.replaceAll(/-----BEGIN [\s\S]*?(-----END [^-]*-----|$)/g, "(PEM)").trim();
  return words.length > MOST_CHARACTERS ? `${words.slice(0, MOST_CHARACTERS)} …` : words;
}
