/** Who signs the tokens (JWT) that a host takes. */
export interface IrJwtProvider {
  /** Of this host's providers: what its routes name. */
  readonly name: string;
  /** Undefined: a token of any issuer will do, if the keys are these. */
  readonly issuer: string | undefined;
  /** One of them has to be the token's; empty: that is not looked at. */
  readonly audiences: readonly string[];
  /** Whether the upstream gets the token, too. */
  readonly forward: boolean;
  readonly keys: IrJwtKeys;
}

/** The keys of a provider, as a JWKS (RFC 7517). */
export type IrJwtKeys =
  | { readonly type: "inline"; readonly jwks: string }
  /** Fetched when a request needs them, and kept. Times are milliseconds. */
  | {
      readonly type: "remote";
      readonly uri: string;
      readonly cluster: string;
      readonly timeout: number;
      readonly cache: number;
    };

/** Whose token a route asks for. */
export interface IrJwtRequirement {
  readonly provider: string;
}

/** No other cluster has such a name: a backend's holds no `:`. */
export function jwksClusterName(host: string, provider: string): string {
  return `jwks:${host}/${provider}`;
}
