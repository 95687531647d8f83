import { randomBytes } from "node:crypto";
import { errorMessage } from "#lib/error-message.ts";
import { type Logger, silentLogger } from "#lib/log.ts";
import type { Grounds, Known } from "./known.ts";
import { namesOfScope, scopeOfNames } from "./principal.ts";
import { secretHash } from "./same-secret.ts";

/** Milliseconds after which an unused session ends. */
const IDLE = 24 * 3_600_000;
/** Milliseconds after which every session ends. */
const LIFETIME = 7 * 24 * 3_600_000;
const MOST_SESSIONS = 200;
/** Of one user, so that none pushes the others out; those of the operator are of many people. */
const MOST_OF_ONE = 20;
/** Milliseconds: a session in use is saved this often, not at each request. */
const SAVE_USE_EVERY = 300_000;
/** Milliseconds after which what could not be saved is tried again, at the next request. */
const SAVE_AGAIN_AFTER = 10_000;

/** A session as it is kept: it holds a hash, so a copy of the file signs nobody in. */
export interface StoredSession {
  /** SHA-256 of the cookie's value, base64url. */
  readonly hash: string;
  readonly name: string;
  readonly namespaces: "all" | readonly string[];
  readonly operates: "all" | readonly string[];
  readonly admin: boolean;
  /** By which it was begun, for as long as it holds. */
  readonly grounds: Grounds;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly used: number;
}

export interface SessionStorage {
  load(): Promise<readonly StoredSession[]>;
  save(sessions: readonly StoredSession[]): Promise<void>;
}

/**
 * Who is signed in with a browser. Sessions outlive a restart, so that an open console goes on by itself. A disk that takes
 * nothing (it is full: just when people have to look) keeps nobody out: until it does, sessions are in memory alone.
 */
export class Sessions {
  readonly #now: () => number;
  readonly #log: Logger;
  readonly #storage: SessionStorage;
  readonly #sessions: Map<string, StoredSession>;
  /** When what could not be saved is tried again; undefined: all is saved. */
  #saveAgainAt: number | undefined;

  private constructor(sessions: readonly StoredSession[], storage: SessionStorage, now: () => number, log: Logger) {
    this.#sessions = new Map(sessions.map((session) => [session.hash, session]));
    this.#storage = storage;
    this.#now = now;
    this.#log = log;
  }

  /** `now`: milliseconds since the epoch. */
  static async open(storage: SessionStorage, now: () => number, log: Logger = silentLogger): Promise<Sessions> {
    return new Sessions(await storage.load(), storage, now, log);
  }

  /** Milliseconds until a cookie that is set now is of no use. */
  get lifetime(): number {
    return LIFETIME;
  }

  /** Begins a session. Returns the cookie's value, which is kept nowhere. */
  async begin({ principal, grounds }: Known): Promise<string> {
    this.#dropEnded();
    const { name, admin } = principal;
    if (grounds.type !== "token") {
      const own = (session: StoredSession): boolean => session.grounds.type !== "token" && session.name === name;
      this.#makeRoom([...this.#sessions.values()].filter(own), MOST_OF_ONE);
    }
    this.#makeRoom([...this.#sessions.values()], MOST_SESSIONS);
    const id = randomBytes(32).toString("base64url");
    const now = this.#now();
    const [namespaces, operates] = [namesOfScope(principal.namespaces), namesOfScope(principal.operates)];
    this.#keep({ hash: hashOf(id), name, namespaces, operates, admin, grounds, since: now, used: now });
    await this.#save();
    return id;
  }

  /** Whose session a cookie names, as they were when it began. Undefined: it never was, or it is over. */
  async find(id: string): Promise<Known | undefined> {
    const session = this.#sessions.get(hashOf(id));
    const now = this.#now();
    if (session === undefined || isOver(session, now)) return undefined;
    const isUsedAnew = now - session.used >= SAVE_USE_EVERY;
    if (isUsedAnew) this.#keep({ ...session, used: now });
    if (isUsedAnew || now >= (this.#saveAgainAt ?? Infinity)) await this.#save();
    const { name, admin, grounds } = session;
    const [namespaces, operates] = [scopeOfNames(session.namespaces), scopeOfNames(session.operates)];
    return { principal: { name, namespaces, operates, admin }, grounds };
  }

  async end(id: string): Promise<void> {
    if (this.#sessions.delete(hashOf(id))) await this.#save();
  }

  #keep(session: StoredSession): void {
    this.#sessions.set(session.hash, session);
  }

  /** The oldest of these go until there are fewer than `most`. */
  #makeRoom(sessions: readonly StoredSession[], most: number): void {
    for (const { hash } of sessions.slice(0, Math.max(0, sessions.length - most + 1))) this.#sessions.delete(hash);
  }

  #dropEnded(): void {
    const now = this.#now();
    for (const session of this.#sessions.values()) if (isOver(session, now)) this.#sessions.delete(session.hash);
  }

  /** A cluster's token is written nowhere: its session ends with the process. */
  async #save(): Promise<void> {
    // Others that ask meanwhile do not wait for the disk, too.
    this.#saveAgainAt = undefined;
    try {
      await this.#storage.save([...this.#sessions.values()].filter(({ grounds }) => grounds.type !== "cluster"));
    } catch (error) {
      this.#saveAgainAt = this.#now() + SAVE_AGAIN_AFTER;
      const until = "a restart ends those that began, and brings back those that ended";
      this.#log.warn("cannot save the sessions", { error: errorMessage(error), until });
    }
  }
}

function isOver(session: StoredSession, now: number): boolean {
  return now - session.since >= LIFETIME || now - session.used >= IDLE;
}

function hashOf(id: string): string {
  return secretHash(id).toString("base64url");
}
