import type { Request } from "express";
import { ApiProblem } from "../api-problem.ts";
import type { FilterPair } from "../traffic-filter.ts";

type Query = Request["query"];

/** A parameter that may come once, or undefined. */
export function oneOf(query: Query, name: string): string | undefined {
  const value = query[name];
  if (value === undefined || typeof value === "string") return value;
  throw badParameter(name, "it comes more than once", "give it once");
}

/** A parameter that is a whole number from 0 on, or undefined. */
export function numberOf(query: Query, name: string): number | undefined {
  const value = oneOf(query, name);
  if (value === undefined) return undefined;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw badParameter(name, "it is no whole number", "give a whole number from 0 on");
}

/** All other parameters as pairs, in their order. */
export function pairsWithout(query: Query, names: readonly string[]): FilterPair[] {
  return Object.entries(query).flatMap(([name, value]) => {
    if (names.includes(name)) return [];
    const values = Array.isArray(value) ? value : [value];
    return values.map((one): FilterPair => {
      if (typeof one === "string") return [name, one];
      throw badParameter(name, "it is no text", `write ${name}=VALUE`);
    });
  });
}

export function badParameter(name: string, detail: string, fix: string): ApiProblem {
  return new ApiProblem(400, "Bad parameter", `${name}: ${detail}`, fix);
}
