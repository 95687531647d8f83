import { isMap } from "#lib/schema-rules.ts";
import type { KubeClient } from "./client.ts";
import { KubeError } from "./kube-error.ts";
import type { KubeObject, ResourceType } from "./resource-type.ts";

const TOKEN_REVIEWS: ResourceType = {
  group: "authentication.k8s.io",
  version: "v1",
  plural: "tokenreviews",
  kind: "TokenReview",
  namespaced: false,
};
const SUBJECT_ACCESS_REVIEWS: ResourceType = {
  group: "authorization.k8s.io",
  version: "v1",
  plural: "subjectaccessreviews",
  kind: "SubjectAccessReview",
  namespaced: false,
};

/** `status.user` of a TokenReview. */
export interface ReviewedUser {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** What somebody wants to do; `*` stands for everything. */
export interface ReviewedAction {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** All namespaces for an empty one. */
  readonly namespace: string;
}

/** Milliseconds: somebody waits for the answer. */
const PATIENCE = 5_000;

/** Who a token stands for; undefined: nobody whom the API server lets in. Throws {@link KubeError}. */
export async function reviewToken(
  client: KubeClient,
  token: string,
  signal: AbortSignal,
): Promise<ReviewedUser | undefined> {
  const status = await review(client, TOKEN_REVIEWS, { token }, signal);
  // A token for another audience comes back with an error and without `authenticated`.
  if (status["authenticated"] !== true) return undefined;
  const user = isMap(status["user"]) ? status["user"] : {};
  const { username, uid, groups, extra } = user;
  if (typeof username !== "string" || username === "") {
    throw new KubeError("create tokenreviews: the answer names no user", { code: 0, reason: "Malformed" });
  }
  return {
    username,
    uid: typeof uid === "string" ? uid : "",
    groups: texts(groups),
    extra: Object.fromEntries(Object.entries(isMap(extra) ? extra : {}).map(([key, value]) => [key, texts(value)])),
  };
}

/** Whether the API server would let them. Throws {@link KubeError}. */
export async function reviewAccess(
  client: KubeClient,
  { username: user, uid, groups, extra }: ReviewedUser,
  { verb, group, resource, namespace }: ReviewedAction,
  signal: AbortSignal,
): Promise<boolean> {
  const resourceAttributes = { verb, group, resource, namespace };
  const status = await review(client, SUBJECT_ACCESS_REVIEWS, { user, uid, groups, extra, resourceAttributes }, signal);
  return status["allowed"] === true && status["denied"] !== true;
}

/** A review is created to be answered at once, and is kept nowhere. */
async function review(
  client: KubeClient,
  type: ResourceType,
  spec: object,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const asked: KubeObject = { metadata: {}, spec };
  const { status } = await client.create(type, asked, { signal, timeout: PATIENCE });
  if (isMap(status)) return status;
  throw new KubeError(`create ${type.plural}: the answer has no status`, { code: 0, reason: "Malformed" });
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}
