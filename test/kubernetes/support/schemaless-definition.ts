/** A kind of Contour's, as its own definition names it, without its schema: API servers take every object of it. */
export function definition(version: string, kind: string) {
  const singular = kind.toLowerCase();
  const plural = singular.replace(/y$/, "ie") + "s";
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.projectcontour.io` },
    spec: {
      group: "projectcontour.io",
      scope: "Namespaced",
      names: { kind, plural, singular },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
}
