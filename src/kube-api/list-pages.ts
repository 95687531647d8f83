import { hash } from "node:crypto";
import { KubeFailure } from "./kube-status.ts";
import type { ServedObject } from "./served-object.ts";

/** Lists of which further pages may be asked for; the oldest gives way, and its client begins anew. */
const MOST_LISTS = 128;
/** Of one user, whose own oldest gives way: nobody's many lists end another's. */
const MOST_OF_ONE = 16;

/** A page of a list. `version` is the one that the whole list shows. */
export interface ListPage {
  readonly objects: readonly ServedObject[];
  readonly version: number;
  /** What asks for the next page, and how many objects are left then. */
  readonly next: { readonly continueToken: string; readonly remaining: number } | undefined;
}

interface RememberedList {
  readonly objects: readonly ServedObject[];
  readonly version: number;
  /** Who asked. */
  readonly owner: string;
}

/**
 * Long lists by pages, all of one moment: the pages of a list show what there was when it began, whatever changes
 * meanwhile, as an API server reads them from one revision of etcd.
 */
export class ListPages {
  /** Oldest first. */
  readonly #lists = new Map<string, RememberedList>();

  /** The first page. `question` names what is asked and by whom: another question cannot go on with its tokens. */
  begin(question: string, { limit, ...list }: RememberedList & { readonly limit: number | undefined }): ListPage {
    const { objects, version, owner } = list;
    if (limit === undefined || objects.length <= limit) return { objects, version, next: undefined };
    const key = keyOf(version, question);
    this.#lists.delete(key);
    this.#makeRoom(owner);
    this.#lists.set(key, list);
    return this.#page(key, 0, limit);
  }

  /** A further page. Throws Expired when the list is not remembered: the client asks again from the start. */
  next(question: string, continueToken: string, limit: number | undefined): ListPage {
    const [, start = "", key = ""] = /^(\d{1,12})\.(\w+)$/.exec(continueToken) ?? [];
    const list = this.#lists.get(key);
    if (list === undefined || key !== keyOf(list.version, question)) {
      throw new KubeFailure(
        "Expired",
        "The provided continue parameter is too old or of another list. Start a new list without the continue parameter.",
      );
    }
    return this.#page(key, Number(start), limit ?? list.objects.length);
  }

  #makeRoom(owner: string): void {
    const own = [...this.#lists].flatMap(([key, list]) => (list.owner === owner ? [key] : []));
    if (own.length >= MOST_OF_ONE) this.#lists.delete(own[0]!);
    else if (this.#lists.size >= MOST_LISTS) this.#lists.delete(this.#lists.keys().next().value!);
  }

  #page(key: string, start: number, limit: number): ListPage {
    const { objects, version } = this.#lists.get(key)!;
    const end = start + limit;
    const remaining = objects.length - end;
    if (remaining <= 0) this.#lists.delete(key);
    return {
      objects: objects.slice(start, end),
      version,
      next: remaining > 0 ? { continueToken: `${end}.${key}`, remaining } : undefined,
    };
  }
}

function keyOf(version: number, question: string): string {
  return hash("sha256", `${version} ${question}`, "hex").slice(0, 32);
}
