/** As V8 writes a heap: nodes and edges as flat lists of numbers, of which `meta` names the fields. */
interface HeapSnapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[];
      readonly node_types: readonly [readonly string[], ...unknown[]];
      readonly edge_fields: readonly string[];
      readonly edge_types: readonly [readonly string[], ...unknown[]];
    };
  };
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
  readonly strings: readonly string[];
}

/** V8's table of strings that were names of properties: it keeps none of them, though its edges look like any other's. */
const INTERNALIZED = "(Internalized strings)";
/** Names on a way that are said, from the string on. */
const LONGEST_WAY = 10;

/**
 * The ways from a heap's roots to strings that match, with how many strings each leads to: `.name < .#unseen < .kube`. Weak
 * references keep nothing, and are no way.
 */
export function keptStrings(text: string, wanted: RegExp): ReadonlyMap<string, number> {
  const heap = new Heap(JSON.parse(text) as HeapSnapshot);
  const ways = new Map<string, number>();
  for (const node of heap.reachable()) {
    if (!wanted.test(heap.nameOf(node))) continue;
    const way = heap.wayTo(node);
    ways.set(way, (ways.get(way) ?? 0) + 1);
  }
  return ways;
}

class Heap {
  readonly #nodes: readonly number[];
  readonly #edges: readonly number[];
  readonly #strings: readonly string[];
  readonly #node: { readonly size: number; readonly name: number; readonly edges: number };
  readonly #edge: { readonly size: number; readonly type: number; readonly name: number; readonly to: number };
  readonly #weak: number;
  /** Of edges whose name is a number: an element's, or one that V8 made up. */
  readonly #numbered: ReadonlySet<number>;
  /** By node: the edge by which it was reached first. */
  readonly #by: Int32Array;
  readonly #from: Int32Array;

  constructor({ snapshot: { meta }, nodes, edges, strings }: HeapSnapshot) {
    this.#nodes = nodes;
    this.#edges = edges;
    this.#strings = strings;
    const [nodeField, edgeField] = [meta.node_fields, meta.edge_fields];
    this.#node = { size: nodeField.length, name: nodeField.indexOf("name"), edges: nodeField.indexOf("edge_count") };
    const [type, name, to] = ["type", "name_or_index", "to_node"].map((field) => edgeField.indexOf(field));
    this.#edge = { size: edgeField.length, type: type!, name: name!, to: to! };
    const types = meta.edge_types[0];
    this.#weak = types.indexOf("weak");
    this.#numbered = new Set([types.indexOf("element"), types.indexOf("hidden")]);
    const count = nodes.length / this.#node.size;
    this.#by = new Int32Array(count).fill(-1);
    this.#from = new Int32Array(count).fill(-1);
  }

  nameOf(node: number): string {
    return this.#strings[this.#nodes[node * this.#node.size + this.#node.name]!]!;
  }

  /** Every node to which a way leads, the nearest to the root first. */
  *reachable(): Generator<number> {
    const firstEdges = this.#firstEdges();
    const queue = [0];
    for (const node of queue) {
      yield node;
      if (this.nameOf(node) === INTERNALIZED) continue;
      for (let edge = firstEdges[node]!; edge < firstEdges[node + 1]!; edge++) {
        const at = edge * this.#edge.size;
        if (this.#edges[at + this.#edge.type] === this.#weak) continue;
        const to = this.#edges[at + this.#edge.to]! / this.#node.size;
        if (to === 0 || this.#by[to] !== -1) continue;
        this.#by[to] = at;
        this.#from[to] = node;
        queue.push(to);
      }
    }
  }

  /** The names of the references that lead to a node that was reached, those of lists and maps left out. */
  wayTo(node: number): string {
    const names: string[] = [];
    for (let at = node; this.#by[at] !== -1 && names.length < LONGEST_WAY; at = this.#from[at]!) {
      const edge = this.#by[at]!;
      if (this.#numbered.has(this.#edges[edge + this.#edge.type]!)) continue;
      const name = this.#strings[this.#edges[edge + this.#edge.name]!]!;
      if (!/^(table|\d+)$/.test(name)) names.push(`.${name}`);
    }
    return names.join(" < ");
  }

  #firstEdges(): Int32Array {
    const count = this.#nodes.length / this.#node.size;
    const first = new Int32Array(count + 1);
    for (let node = 0; node < count; node++)
      first[node + 1] = first[node]! + this.#nodes[node * this.#node.size + this.#node.edges]!;
    return first;
  }
}
