import { canonicalJson } from "#lib/canonical.ts";
import type { Logger } from "#lib/log.ts";
import { errorMessage } from "#lib/error-message.ts";
import { ApiProblem } from "../api-problem.ts";
import type { ClusterAccess, ClusterRight, ClusterUser } from "../ports/cluster-access.ts";
import type { NamespaceScope, Principal } from "./principal.ts";
import { secretHash } from "./same-secret.ts";
import { type Remembered, ShortMemory } from "./short-memory.ts";
import { Turns } from "./turns.ts";

/** Milliseconds that an answer of the cluster is taken for: as long as a right that was withdrawn is still used. */
const GOOD_FOR = 60_000;
/** Milliseconds after which it is asked for again beside its use, so that nobody waits each minute. */
const RENEWED_AFTER = 40_000;
/** Milliseconds that a token is refused without asking again. */
const REFUSED_FOR = 10_000;
/** Milliseconds that a user's rights are taken together: namespaces that come are seen after it. */
const TOGETHER_FOR = 5_000;
const MOST_TOKENS = 1000;
const MOST_RIGHTS = 100_000;
/** Questions to the cluster at a time. */
const AT_A_TIME = 16;

export interface ClusterUsersOptions {
  readonly access: ClusterAccess;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * The users of the home cluster, known by their tokens, with what its RBAC (or whatever it asks) lets them. While it cannot be
 * asked, what is known goes on until its time is over; then the answer is 503, never more than was known.
 */
export class ClusterUsers {
  readonly #access: ClusterAccess;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #tokens: ShortMemory<ClusterUser | undefined>;
  readonly #rights: ShortMemory<boolean>;
  readonly #principals: ShortMemory<Principal>;
  readonly #turns = new Turns(AT_A_TIME);

  constructor({ access, log, now }: ClusterUsersOptions) {
    this.#access = access;
    this.#log = log;
    this.#now = now;
    this.#tokens = new ShortMemory({ most: MOST_TOKENS, now });
    this.#rights = new ShortMemory({ most: MOST_RIGHTS, now });
    this.#principals = new ShortMemory({ most: MOST_TOKENS, now });
  }

  /**
   * Whose token it is; undefined: nobody's. Throws 503 when the cluster has to be asked and cannot be.
   *
   * @param admit called before the cluster is asked; throws when the one who asks has to wait
   */
  async ofToken(token: string, admit: () => void): Promise<Principal | undefined> {
    // What is kept must not sign in.
    const key = secretHash(token).toString("base64url");
    const { value: user } = await this.#asking(() =>
      this.#tokens.getOr(key, async () => {
        if (this.#tokens.get(key) === undefined) admit();
        const value = await this.#turns.run(() => this.#access.whoIs(token));
        return value === undefined ? { value, until: this.#now() + REFUSED_FOR } : this.#forAWhile(value);
      }),
    );
    if (user === undefined) return undefined;
    const who = canonicalJson(user);
    const { value } = await this.#asking(() => this.#principals.getOr(who, () => this.#principalOf(user, who)));
    return value;
  }

  async #principalOf(user: ClusterUser, who: string): Promise<Remembered<Principal>> {
    let until = this.#now() + TOGETHER_FOR;
    const may = async (right: ClusterRight, namespace: string): Promise<boolean> => {
      const answer = await this.#rights.getOr(JSON.stringify([who, right, namespace]), async () =>
        this.#forAWhile(await this.#turns.run(() => this.#access.may(user, right, namespace))),
      );
      until = Math.min(until, answer.until);
      return answer.value;
    };
    const where = async (right: ClusterRight, among: readonly string[]): Promise<NamespaceScope> =>
      (await may(right, "")) ? "all" : new Set(await chosen(among, (namespace) => may(right, namespace)));

    const name = user.username;
    if (await may("administer", "")) return { value: { name, namespaces: "all", operates: "all", admin: true }, until };
    const known = this.#access.namespaces();
    const namespaces = await where("read", known);
    // Nobody operates what they do not see.
    const operates =
      namespaces === "all"
        ? await where("operate", known)
        : new Set(await chosen([...namespaces], (namespace) => may("operate", namespace)));
    return { value: { name, namespaces, operates, admin: false }, until };
  }

  #forAWhile<T>(value: T): Remembered<T> {
    const now = this.#now();
    return { value, until: now + GOOD_FOR, renewFrom: now + RENEWED_AFTER };
  }

  async #asking<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (cause) {
      if (cause instanceof ApiProblem) throw cause;
      this.#log.warn("the cluster cannot be asked who may see what", { error: errorMessage(cause) });
      const fix =
        "try again in a moment; the token of the appliance itself works meanwhile, and traffic is not touched";
      throw new ApiProblem(503, "The cluster cannot be asked", "its API says who may see what", fix, { cause });
    }
  }
}

/** Those for which the answer is yes, in their order. */
async function chosen(names: readonly string[], may: (name: string) => Promise<boolean>): Promise<readonly string[]> {
  const answers = await Promise.all(names.map(may));
  return names.filter((_name, index) => answers[index]);
}
