import { MultiMap } from "#lib/multi-map.ts";
import { readIngressAnnotations } from "#resources/annotations.ts";
import { splitSecretReference } from "#resources/httpproxy-fields.ts";
import type { HttpProxy } from "#resources/httpproxy.ts";
import { type ObjectRef, refKey, type RefKey } from "#resources/ref.ts";
import { refOf, type Resource } from "#resources/resource.ts";
import type { SourceChange } from "#store/changes.ts";

/** Secrets of one type in one namespace, as `type namespace`: what is followed together. */
export type SecretGroup = `${"kubernetes.io/tls" | "Opaque"} ${string}`;

export function splitSecretGroup(group: SecretGroup): { type: string; namespace: string } {
  const space = group.indexOf(" ");
  return { type: group.slice(0, space), namespace: group.slice(space + 1) };
}

/** The form that an object goes on in when it is refused, as far as there is one. */
export type LastGood = (ref: ObjectRef) => Resource | undefined;

/** The groups that an object refers to a Secret of: of the others no Secret is read. */
export class WantedSecrets {
  readonly #byGroup = new MultiMap<SecretGroup, RefKey>();
  readonly #byObject = new Map<RefKey, ReadonlySet<SecretGroup>>();
  /** Wanted whoever refers to them. */
  readonly always: ReadonlySet<SecretGroup>;
  readonly #lastGood: LastGood;

  /**
   * @param certificateNamespaces where the configuration itself names certificates
   * @param lastGood asked for objects that are refused as they come: their last good form may be an earlier process'
   */
  constructor(certificateNamespaces: readonly string[] = [], lastGood: LastGood = () => undefined) {
    this.#lastGood = lastGood;
    this.always = new Set(certificateNamespaces.map((namespace): SecretGroup => `kubernetes.io/tls ${namespace}`));
  }

  /**
   * Returns the groups that the object referred to or refers to now. A refused object goes on in its last good form, and so does
   * what it refers to.
   */
  note(change: SourceChange): Iterable<SecretGroup> {
    const key = refKey(change.type === "put" ? refOf(change.object) : change.ref);
    const before = this.#byObject.get(key) ?? NONE;
    if (change.type === "refuse" && before.size > 0) return [];
    const object =
      change.type === "put" ? change.object : change.type === "refuse" ? this.#lastGood(change.ref) : undefined;
    const after = object === undefined ? NONE : groupsOf(object);
    for (const group of before) if (!after.has(group)) this.#byGroup.delete(group, key);
    for (const group of after) this.#byGroup.add(group, key);
    if (after.size === 0) this.#byObject.delete(key);
    else this.#byObject.set(key, after);
    return before.union(after);
  }

  has(group: SecretGroup): boolean {
    return this.always.has(group) || this.#byGroup.get(group).length > 0;
  }
}

const NONE: ReadonlySet<SecretGroup> = new Set();

function groupsOf(object: Resource): ReadonlySet<SecretGroup> {
  const { namespace } = object.metadata;
  const groups = new Set<SecretGroup>();
  const pair = (reference: string | undefined): void => {
    if (reference !== undefined)
      groups.add(`kubernetes.io/tls ${splitSecretReference(reference, namespace).namespace}`);
  };
  // Authorities and keys may stand in either type.
  const other = (reference: string | undefined): void => {
    if (reference === undefined) return;
    pair(reference);
    groups.add(`Opaque ${splitSecretReference(reference, namespace).namespace}`);
  };
  if (object.kind === "Ingress" && object.spec.tls.some(({ secretName }) => secretName !== undefined)) {
    const { tlsSecretNamespace = namespace } = readIngressAnnotations(object.metadata.annotations).value;
    groups.add(`kubernetes.io/tls ${tlsSecretNamespace}`);
  }
  if (object.kind === "HTTPProxy") {
    pair(object.spec.virtualhost?.tls?.secretName);
    for (const reference of otherSecrets(object)) other(reference);
  }
  if (object.kind === "IngressRoute") {
    pair(object.spec.virtualhost?.tls?.secretName);
    for (const reference of authoritiesOf(object.spec)) other(reference);
  }
  if (object.kind === "ExtensionService") other(object.spec.validation?.caSecret);
  return groups;
}

function otherSecrets({ spec }: HttpProxy): readonly (string | undefined)[] {
  const { tls, jwtProviders = [] } = spec.virtualhost ?? {};
  return [
    tls?.clientValidation?.caSecret,
    tls?.clientValidation?.crlSecret,
    ...authoritiesOf(spec),
    ...jwtProviders.flatMap(({ remoteJWKS, localJWKS }) => [remoteJWKS?.validation?.caSecret, localJWKS?.secretName]),
  ];
}

interface Verified {
  readonly validation?: { readonly caSecret: string };
}

/** Those by whom upstreams are verified, of requests and of connections. */
function authoritiesOf({
  routes,
  tcpproxy,
}: {
  readonly routes: readonly { readonly services: readonly Verified[] }[];
  readonly tcpproxy?: { readonly services: readonly Verified[] };
}): readonly string[] {
  const services = [...routes, tcpproxy].flatMap((part) => part?.services ?? []);
  return services.flatMap(({ validation }) => validation?.caSecret ?? []);
}
