import type { PrincipalAnswer } from "#api/answers.ts";

/** For people: `sue, operator of team-shop, viewer of team-blog`. */
export function whoWords({ name, role, namespaces, operates }: PrincipalAnswer): string {
  if (role === "admin") return `${name}, admin`;
  if (operates === "all") return `${name}, operator of all namespaces`;
  const only = namespaces === "all" ? "all namespaces" : namespaces.filter((one) => !operates.includes(one)).join(", ");
  const parts = [
    ...(operates.length === 0 ? [] : [`operator of ${operates.join(", ")}`]),
    ...(only === "" ? [] : [`viewer of ${only}`]),
  ];
  return [name, ...(parts.length === 0 ? ["sees no namespace"] : parts)].join(", ");
}

/** The server has the last word; who may not is offered nothing. Before it is known who they are nothing is held back. */
export function mayPin(principal: PrincipalAnswer | undefined): boolean {
  return principal?.role !== "viewer";
}

/** Whether an alert with these labels is theirs to silence: they name the namespace under either label. */
export function maySilence(principal: PrincipalAnswer | undefined, labels: Readonly<Record<string, string>>): boolean {
  const operates = principal?.operates ?? "all";
  if (operates === "all") return true;
  return [labels["namespace"], labels["team"]].some((name) => name !== undefined && operates.includes(name));
}
