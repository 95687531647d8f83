import { hash } from "node:crypto";
import { canonicalJson } from "#lib/canonical.ts";
import { parsePasswordHash, type PasswordHash } from "#lib/password-hash.ts";
import type { Known, UserGrounds } from "./known.ts";
import { type Principal, principalOfRole, type Role, scopeOfNames } from "./principal.ts";

/** A person or a program that the configuration names. */
export interface UserSettings {
  readonly name: string;
  /** As `binnacle user hash` writes it; undefined: no password lets in. */
  readonly passwordHash?: string | undefined;
  /** As {@link tokenHash} writes them. */
  readonly tokenHashes: readonly string[];
  readonly role: Role;
  readonly namespaces: "all" | readonly string[];
}

const PREFIX = "sha256:";

/** How a token stands in the configuration: `sha256:` and 64 hexadecimal digits. Tokens are random, so no slow hash is needed. */
export function tokenHash(token: string): string {
  return `${PREFIX}${hash("sha256", token, "hex")}`;
}

export function isTokenHash(text: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/** The users of the configuration, as it is now. */
export class Users {
  #users: ReadonlyMap<string, UserSettings> = new Map();
  #byToken: ReadonlyMap<string, UserSettings> = new Map();

  constructor(users: readonly UserSettings[]) {
    this.replace(users);
  }

  get isEmpty(): boolean {
    return this.#users.size === 0;
  }

  /** Whoever is gone or changed by it has to sign in again. */
  replace(users: readonly UserSettings[]): void {
    this.#users = new Map(users.map((user) => [user.name, user]));
    this.#byToken = new Map(users.flatMap((user) => user.tokenHashes.map((text) => [text, user])));
  }

  /** A look-up by hash tells nothing about the tokens that are near the one tried. */
  ofToken(token: string): Known | undefined {
    const text = tokenHash(token);
    const user = this.#byToken.get(text);
    return user === undefined ? undefined : known(user, text);
  }

  /** The hash that a user's password is held against; undefined: there is no such user, or none with a password. */
  passwordOf(name: string): { readonly text: string; readonly hash: PasswordHash } | undefined {
    const text = this.#users.get(name)?.passwordHash;
    const parsed = text === undefined ? undefined : parsePasswordHash(text);
    return text === undefined || parsed === undefined ? undefined : { text, hash: parsed };
  }

  /** The user whose password was found right against this hash, if it still is theirs. */
  ofPassword(name: string, passwordHash: string): Known | undefined {
    const user = this.#users.get(name);
    return user?.passwordHash === passwordHash ? known(user, passwordHash) : undefined;
  }

  /** Who somebody is now that came in on these grounds; undefined when they no longer hold. */
  standing({ name, mark }: UserGrounds): Principal | undefined {
    const user = this.#users.get(name);
    if (user === undefined) return undefined;
    const credentials = [...(user.passwordHash === undefined ? [] : [user.passwordHash]), ...user.tokenHashes];
    return credentials.some((credential) => markOf(user, credential) === mark) ? principalOf(user) : undefined;
  }
}

function known(user: UserSettings, credential: string): Known {
  return {
    principal: principalOf(user),
    grounds: { type: "user", name: user.name, mark: markOf(user, credential) },
  };
}

function principalOf({ name, role, namespaces }: UserSettings): Principal {
  return principalOfRole(name, role, scopeOfNames(namespaces));
}

function markOf({ name, role, namespaces }: UserSettings, credential: string): string {
  return hash("sha256", canonicalJson([name, role, namespaces, credential]), "base64url");
}
