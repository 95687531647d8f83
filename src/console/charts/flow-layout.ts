import { FLOW_STEPS, type FlowGraph, type FlowLink, type FlowNode } from "./flow-graph.ts";

export interface PlacedNode extends FlowNode {
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

export interface PlacedLink extends FlowLink {
  readonly start: BandEnd;
  readonly end: BandEnd;
}

/** Where a band touches a node: its middle there, and how wide it is. */
export interface BandEnd {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export interface FlowLayout {
  /** From one step's left edge to the next. */
  readonly stepWidth: number;
  readonly nodes: readonly PlacedNode[];
  readonly links: readonly PlacedLink[];
}

/** Pixels. A node is at least as high as its two lines of words. */
export const NODE_WIDTH = 8;
const LEAST_HEIGHT = 30;
const GAP = 10;
const THINNEST = 1.5;
/** For the words right of the last step's nodes. */
const LAST_WORDS = 150;
/** Of a step's height, so much may be taken by nodes of the least height: the rest shows how much flows through each. */
const MOST_FILLED = 0.75;

/** How many nodes a step has room for. */
export function nodesThatFit(height: number): number {
  return Math.max(2, Math.floor((height * MOST_FILLED + GAP) / (LEAST_HEIGHT + GAP)));
}

/** Pixels for the words right of a step's nodes. */
export function roomForWords(step: number, { stepWidth }: FlowLayout): number {
  return step === FLOW_STEPS.length - 1 ? LAST_WORDS - 6 : stepWidth - 2 * NODE_WIDTH - 6;
}

/** Places a graph in a box. A step's nodes stand below each other in the order given; a band is as wide as its flow. */
export function layoutFlow(graph: FlowGraph, width: number, height: number): FlowLayout {
  const steps = FLOW_STEPS.map((_, step) => graph.nodes.filter((node) => node.step === step));
  const scale = scaleOf(steps, height);
  const stepWidth = (width - LAST_WORDS - NODE_WIDTH) / (FLOW_STEPS.length - 1);
  const placed = new Map<string, PlacedNode>();
  for (const [step, nodes] of steps.entries()) {
    let y = Math.max(0, (height - heightOf(nodes, scale)) / 2);
    for (const node of nodes) {
      const own = Math.max(LEAST_HEIGHT, node.perSecond * scale);
      placed.set(node.id, { ...node, x: step * stepWidth, y, height: own });
      y += own + GAP;
    }
  }
  return { stepWidth, nodes: [...placed.values()], links: placeLinks(graph.links, placed, scale) };
}

/** Pixels for a request a second, so that the fullest step just fits. */
function scaleOf(steps: readonly (readonly FlowNode[])[], height: number): number {
  const isTooLarge = (scale: number): boolean => steps.some((nodes) => heightOf(nodes, scale) > height);
  let low = 0;
  let high = 1;
  while (high < 1e6 && !isTooLarge(high)) high *= 2;
  for (let halving = 0; halving < 30; halving++) {
    const middle = (low + high) / 2;
    if (isTooLarge(middle)) high = middle;
    else low = middle;
  }
  return low;
}

function heightOf(nodes: readonly FlowNode[], scale: number): number {
  const nodesHeight = nodes.reduce((sum, { perSecond }) => sum + Math.max(LEAST_HEIGHT, perSecond * scale), 0);
  return nodesHeight + GAP * Math.max(0, nodes.length - 1);
}

function placeLinks(links: readonly FlowLink[], nodes: ReadonlyMap<string, PlacedNode>, scale: number): PlacedLink[] {
  const sides = { out: new Side(links, "from", scale), into: new Side(links, "to", scale) };
  const sorted = links.toSorted(
    (a, b) => topOf(nodes, a.from) - topOf(nodes, b.from) || topOf(nodes, a.to) - topOf(nodes, b.to),
  );
  return sorted.flatMap((link) => {
    const from = nodes.get(link.from);
    const to = nodes.get(link.to);
    if (from === undefined || to === undefined) return [];
    const start = { x: from.x + NODE_WIDTH, ...sides.out.attach(from, link.perSecond) };
    return [{ ...link, start, end: { x: to.x, ...sides.into.attach(to, link.perSecond) } }];
  });
}

/** The bands of one side of the nodes, each below the one before; all of them together stand in their node's middle. */
class Side {
  readonly #scale: number;
  readonly #sums = new Map<string, number>();
  readonly #offsets = new Map<string, number>();

  constructor(links: readonly FlowLink[], end: "from" | "to", scale: number) {
    this.#scale = scale;
    for (const { [end]: node, perSecond } of links) this.#sums.set(node, (this.#sums.get(node) ?? 0) + perSecond);
  }

  /** Attempts are more than requests, and are counted at another moment: what does not fit beside its node is drawn narrower. */
  attach(node: PlacedNode, perSecond: number): { readonly y: number; readonly width: number } {
    const whole = (this.#sums.get(node.id) ?? 0) * this.#scale;
    const width = Math.max(THINNEST, perSecond * this.#scale * Math.min(1, node.height / whole));
    const start = this.#offsets.get(node.id) ?? Math.max(0, (node.height - whole) / 2);
    this.#offsets.set(node.id, start + width);
    return { y: node.y + Math.min(node.height, start + width / 2), width };
  }
}

/**
 * SVG path of a band's area, or of the `share` of it in its middle, at least `least` pixels: a thick stroke would be cut square across its
 * own direction, with corners beyond its nodes where the way is short and steep.
 */
export function bandPath({ start, end }: Pick<PlacedLink, "start" | "end">, share = 1, least = 0): string {
  const [startHalf, endHalf] = [start, end].map(({ width }) => Math.max(least, width * share) / 2) as [number, number];
  const [left, right, middle] = [start.x, end.x, (start.x + end.x) / 2].map(round);
  const [startTop, startBottom] = [start.y - startHalf, start.y + startHalf].map(round);
  const [endTop, endBottom] = [end.y - endHalf, end.y + endHalf].map(round);
  const over = `M${left},${startTop} C${middle},${startTop} ${middle},${endTop} ${right},${endTop}`;
  return `${over} L${right},${endBottom} C${middle},${endBottom} ${middle},${startBottom} ${left},${startBottom} Z`;
}

function topOf(nodes: ReadonlyMap<string, PlacedNode>, id: string): number {
  return nodes.get(id)?.y ?? 0;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
