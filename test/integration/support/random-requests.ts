import type { IrHeaderMatch, IrTextMatch } from "#translate/ir-header-match.ts";
import type { IrMatch } from "#translate/ir-route.ts";
import type { MatchQuestion } from "#translate/match-prediction.ts";
import type { MatchWorld } from "#translate/match-world.ts";
import type { Random } from "./random.ts";

const STRANGERS = ["nobody.test", "x.nobody.test", "test"];
const PATHS = [
  "/",
  "/a",
  "/ab",
  "/a/b",
  "/x",
  "/x/",
  "/x/y",
  "/b/c",
  "/a//b",
  "/a/./b",
  "/a/../b",
  "/a%2e/b",
  "/%61/%2d%2b",
  "/é",
];
const TAILS = ["", "", "", "/", "/tail", "tail", "//tail", "/../x", "/./y"];
const METHODS = ["GET", "GET", "GET", "POST", "DELETE", "PUT"];
const VALUES = ["", "v", "w", "V", "vw", "beta", "alphabeta"];
const HEADERS = ["x-a", "x-b", "x-api", "X-A"];

/** Requests that routes of a world are likely to take, and such as are just beside. */
export class RandomRequests {
  readonly #random: Random;
  readonly #hosts: readonly string[];
  readonly #matches: readonly IrMatch[];

  constructor(random: Random, { hosts }: MatchWorld) {
    this.#random = random;
    const plain = [...(hosts.get("http")?.values() ?? [])];
    this.#hosts = plain.map(({ host }) => host);
    this.#matches = plain.flatMap(({ routes }) => routes.map(({ match }) => match));
  }

  question(): MatchQuestion {
    const random = this.#random;
    const match = this.#matches.length > 0 && random.chance(0.85) ? random.pick(this.#matches) : undefined;
    const headers = new Map<string, string>();
    for (const name of random.some(HEADERS, 1)) headers.set(name.toLowerCase(), random.pick(VALUES));
    let method = random.pick(METHODS);
    for (const header of match?.headers ?? []) {
      const value = this.#headerValue(header);
      if (value === undefined || random.chance(0.2)) headers.delete(header.name);
      else if (header.name === ":method") method = /^[A-Z]+$/.test(value) ? value : method;
      else headers.set(header.name, value);
    }
    const target = this.#path(match) + this.#query(match);
    // A header without a value is one, but Node's client does not send every name that a manifest may ask for.
    const sendable = [...headers].filter(([name]) => /^[a-z][a-z0-9-]*$/.test(name) && name !== "host");
    return { secure: false, method, authority: this.#authority(), target, headers: sendable };
  }

  #authority(): string {
    const random = this.#random;
    const host = this.#hosts.length === 0 || random.chance(0.05) ? random.pick(STRANGERS) : random.pick(this.#hosts);
    const named = host === "*" ? random.pick(STRANGERS) : host.replace("*", random.pick(["one", "one.two"]));
    const cased = random.chance(0.1) ? named.toUpperCase() : named;
    return cased + random.pick(["", "", "", ":8080", "."]);
  }

  #path(match: IrMatch | undefined): string {
    const random = this.#random;
    if (match === undefined || match.path.type === "regex") return random.pick(PATHS) + random.pick(TAILS);
    // What Envoy's client codec refuses is no path.
    const base = match.path.value.replaceAll(/[?#\s]/g, "");
    return base + (match.path.type === "exact" && random.chance(0.7) ? "" : random.pick(TAILS));
  }

  #query(match: IrMatch | undefined): string {
    const random = this.#random;
    const pairs = (match?.query ?? []).flatMap(({ name, match: wanted }) =>
      random.chance(0.2) ? [] : [`${name}=${encodeURIComponent(this.#text(wanted))}`],
    );
    if (random.chance(0.2)) pairs.unshift(random.pick(["q=v", "p", "q", "r=1"]));
    return pairs.length === 0 ? random.pick(["", "", "?"]) : `?${pairs.join("&")}`;
  }

  #headerValue({ match, not }: IrHeaderMatch): string | undefined {
    if (match.type === "present") return not === true ? undefined : this.#random.pick(VALUES);
    return not === true && this.#random.chance(0.7) ? "something-else" : this.#text(match);
  }

  #text(match: IrTextMatch): string {
    const random = this.#random;
    if (match.type === "present" || match.type === "regex") return random.pick(VALUES);
    const { value } = match;
    const around = {
      exact: value,
      prefix: `${value}${random.pick(["", "x"])}`,
      suffix: `${random.pick(["", "x"])}${value}`,
      contains: `${random.pick(["", "x"])}${value}${random.pick(["", "y"])}`,
    }[match.type];
    return random.chance(0.2) ? around.toUpperCase() : around;
  }
}
