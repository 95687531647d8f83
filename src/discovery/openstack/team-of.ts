/** A project's name as that of a namespace: lower case, with `-` for what no DNS label may hold. Empty where nothing is left. */
export function namespaceOfProject(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, "");
}
