import { KubeFailure } from "./kube-status.ts";

type Labels = Readonly<Record<string, string>>;
type Requirement = (labels: Labels) => boolean;

const KEY = "(?:[A-Za-z0-9][-A-Za-z0-9.]*/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?";
const VALUE = "(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?";
const SET = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const COMPARISON = new RegExp(`^(${KEY})\\s*(==|=|!=|>|<)\\s*(${VALUE})$`);
const EXISTENCE = new RegExp(`^(!?)\\s*(${KEY})$`);
const ONE_VALUE = new RegExp(`^${VALUE}$`);

/**
 * `labelSelector` of a request: `app=shop,tier in (web, api),!canary` (Kubernetes: "Labels and Selectors"). Throws
 * BadRequest for anything else.
 */
export function labelSelector(text: string): Requirement {
  const requirements = split(text).map((part) => requirement(part, text));
  return (labels) => requirements.every((holds) => holds(labels));
}

/** At commas outside of parentheses. Looks at each character once, however many commas a text is made of. */
function split(text: string): readonly string[] {
  if (text.trim() === "") return [];
  const parts: string[] = [];
  let [begin, inList] = [0, false];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "(") inList = true;
    else if (text[at] === ")") inList = false;
    else if (text[at] === "," && !inList) {
      parts.push(text.slice(begin, at).trim());
      begin = at + 1;
    }
  }
  return [...parts, text.slice(begin).trim()];
}

function requirement(part: string, whole: string): Requirement {
  const set = SET.exec(part);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    const values = list.split(",").map((value) => value.trim());
    if (!values.every((value) => ONE_VALUE.test(value))) throw malformed(part, whole);
    const found: Requirement = (labels) => Object.hasOwn(labels, key) && values.includes(labels[key] ?? "");
    return operator === "in" ? found : (labels) => !found(labels);
  }
  const comparison = COMPARISON.exec(part);
  if (comparison !== null) {
    const [, key = "", operator, value = ""] = comparison;
    const valueOf = (labels: Labels): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
    if (operator === "!=") return (labels) => valueOf(labels) !== value;
    if (operator !== ">" && operator !== "<") return (labels) => valueOf(labels) === value;
    const bound = integer(value);
    if (bound === undefined) throw malformed(part, whole);
    return (labels) => {
      const number = integer(valueOf(labels) ?? "");
      return number !== undefined && (operator === ">" ? number > bound : number < bound);
    };
  }
  const existence = EXISTENCE.exec(part);
  if (existence === null) throw malformed(part, whole);
  const [, not, key = ""] = existence;
  return (labels) => Object.hasOwn(labels, key) !== (not === "!");
}

function integer(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function malformed(part: string, whole: string): KubeFailure {
  const words = `unable to parse requirement ${JSON.stringify(part)} of the label selector ${JSON.stringify(whole)}`;
  return new KubeFailure(
    "BadRequest",
    `${words}; write KEY=VALUE, KEY!=VALUE, KEY in (A,B), KEY notin (A,B), KEY or !KEY`,
  );
}
