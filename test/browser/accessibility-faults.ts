import type { Page } from "playwright-core";

/** Roles of Chromium's accessibility tree that mean nothing without a name. */
const NAMED: ReadonlySet<string> = new Set([
  "button",
  "checkbox",
  "columnheader",
  "combobox",
  "ComboBoxSelect",
  "dialog",
  "grid",
  "group",
  "heading",
  "image",
  "img",
  "link",
  "navigation",
  "region",
  "searchbox",
  "table",
  "textbox",
]);
const CELLS: ReadonlySet<string> = new Set(["cell", "columnheader", "gridcell", "rowheader"]);

/** The part of a node of the tree that is looked at (CDP, Accessibility.AXNode). */
interface Node {
  readonly nodeId: string;
  readonly ignored: boolean;
  readonly role: string;
  readonly name: string;
  readonly childIds: readonly string[];
}

/**
 * What a screen reader would be told of the page as it is now and could not make sense of, a line each: things without a name, or
 * with one of signs alone; tables without heads; rows without cells, and other things in place of rows.
 */
export async function accessibilityFaults(page: Page): Promise<readonly string[]> {
  const nodes = await treeOf(page);
  const byId = new Map<string, Node>(nodes.map((node) => [node.nodeId, node]));
  const faults = new Set<string>();
  for (const node of nodes) {
    if (node.ignored) continue;
    const { role, name } = node;
    // Paths are names, too: `/`.
    if (NAMED.has(role) && !/[\p{L}\p{N}/]/u.test(name)) faults.add(`a ${role} without a name: "${name}"`);
    if (role === "table" || role === "grid") {
      const inside = rolesBelow(node, byId);
      if (!inside.has("columnheader")) faults.add(`the ${role} ${name} has no heads`);
    }
    if (role === "row" && ![...rolesBelow(node, byId)].some((below) => CELLS.has(below)))
      faults.add(`a row without cells: ${name}`);
  }
  return [...faults];
}

/** The names of all buttons that are told: of those behind a modal dialog none is. */
export async function toldButtons(page: Page): Promise<readonly string[]> {
  const nodes = await treeOf(page);
  return nodes.filter((node) => !node.ignored && node.role === "button").map(({ name }) => name);
}

async function treeOf(page: Page): Promise<readonly Node[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  await session.detach();
  return nodes.map(({ nodeId, ignored, role, name, childIds = [] }) => ({
    nodeId,
    ignored,
    role: wordsOf(role?.value),
    name: wordsOf(name?.value).trim(),
    childIds,
  }));
}

function rolesBelow({ childIds }: Node, byId: ReadonlyMap<string, Node>): ReadonlySet<string> {
  const roles = new Set<string>();
  const rest = [...childIds];
  for (let id = rest.pop(); id !== undefined; id = rest.pop()) {
    const node = byId.get(id);
    if (node === undefined) continue;
    if (!node.ignored) roles.add(node.role);
    rest.push(...node.childIds);
  }
  return roles;
}

function wordsOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
