import type { Principal } from "./principal.ts";

/** By which credential of which user somebody came in, as the user was then. */
export interface UserGrounds {
  readonly type: "user";
  readonly name: string;
  /** A hash over the credential and the rights: another one once either of them is changed. */
  readonly mark: string;
}

/** What somebody came in with, as far as it tells whether they still may. */
export type Grounds =
  /** The token of the state directory, or a link that was made with it. */
  | { readonly type: "token" }
  | UserGrounds
  /** A token of the home cluster, which it is asked about again and again. Held in memory, and written nowhere. */
  | { readonly type: "cluster"; readonly token: string };

/** Somebody whose credentials were right. */
export interface Known {
  readonly principal: Principal;
  readonly grounds: Grounds;
}
