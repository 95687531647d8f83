/** Who somebody is, as the cluster's API server knows them by their token (`status.user` of a TokenReview). */
export interface ClusterUser {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** `read`: see what is in a namespace. `operate`: also silence, pin, confirm. `administer`: do everything. */
export type ClusterRight = "read" | "operate" | "administer";

/** The cluster that is the objects' home, asked who somebody is and what they may, by calls of its API. */
export interface ClusterAccess {
  /** Undefined: nobody's token. Throws when the cluster cannot be asked. */
  whoIs(token: string): Promise<ClusterUser | undefined>;
  /** In all namespaces for an empty one. Throws when the cluster cannot be asked. */
  may(user: ClusterUser, right: ClusterRight, namespace: string): Promise<boolean>;
  /** The namespaces of which there is something to see; sorted. */
  namespaces(): readonly string[];
}
