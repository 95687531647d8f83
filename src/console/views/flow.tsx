import { useEffect, useRef, useState } from "preact/hooks";
import { FLOW_STEPS, type FlowGraph, flowGraph } from "../charts/flow-graph.ts";
import {
  bandPath,
  type FlowLayout,
  layoutFlow,
  NODE_WIDTH,
  nodesThatFit,
  type PlacedLink,
  type PlacedNode,
  roomForWords,
} from "../charts/flow-layout.ts";
import type { ConsoleState } from "../state/console-state.ts";
import { formatRate, formatShare } from "../words/format.ts";
import { errorTone } from "../words/tones.ts";
import { Empty, Panel } from "./panel.tsx";
import { ViewSwitch } from "./view-switch.tsx";

/** Narrower than this, it is scrolled sideways. */
const LEAST_WIDTH = 600;
/** Pixels that a letter of a node's two lines takes at most, on average. */
const LABEL_LETTER = 7.2;
const SUB_LETTER = 6.2;
const NO_GRAPH: FlowGraph = { nodes: [], links: [] };
const NOTHING: FlowLayout = { nodes: [], links: [], stepWidth: 0 };

/** The way of all requests: as wide as they are many, red where they fail. The tables hold the same in figures. */
export function Flow({ state }: { readonly state: ConsoleState }) {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const picture = state.picture.value;

  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const width = Math.max(LEAST_WIDTH, size.width) - 24;
  const height = Math.max(120, size.height - 40);
  const isSeen = size.height > 0;
  const { routes = [], clusters = [], streams = [] } = picture ?? {};
  const graph = isSeen ? flowGraph(routes, clusters, streams, nodesThatFit(height)) : NO_GRAPH;
  const layout = isSeen ? layoutFlow(graph, width, height) : NOTHING;
  const { nodes, links, stepWidth } = layout;
  return (
    <Panel
      name="Flow"
      class="flow-panel"
      note="requests and connections a second, now; red is the share that fails"
      tools={<ViewSwitch state={state} />}
    >
      <div class="flow-box" ref={box}>
        {isSeen && graph.nodes.length === 0 && (
          <Empty title="Nothing flows at the moment">The picture fills with the next requests.</Empty>
        )}
        {nodes.length > 0 && (
          <svg
            class="flow"
            width={width}
            height={height + 24}
            role="img"
            aria-label="Flow of requests: the tables of routes and upstreams hold the same"
          >
            {FLOW_STEPS.map((step, index) => (
              <text key={step} class="flow-step" x={index * stepWidth} y={12}>
                {step}
              </text>
            ))}
            <g transform="translate(0, 24)">
              {links.map((link) => (
                <Band key={`${link.from} ${link.to}`} link={link} />
              ))}
              {nodes.map((node) => (
                <Node key={node.id} node={node} room={roomForWords(node.step, layout)} />
              ))}
            </g>
          </svg>
        )}
      </div>
    </Panel>
  );
}

/** Two areas: all of it, and inside it the part that fails. */
function Band({ link }: { readonly link: PlacedLink }) {
  const { perSecond, errorsPerSecond } = link;
  const ratio = perSecond === 0 ? 0 : errorsPerSecond / perSecond;
  return (
    <g>
      <title>{`${formatRate(perSecond)}/s, ${formatShare(ratio)} fail`}</title>
      <path class="flow-band" d={bandPath(link)} />
      {ratio > 0 && <path class="flow-errors" d={bandPath(link, ratio, 1)} />}
    </g>
  );
}

function Node({ node, room }: { readonly node: PlacedNode; readonly room: number }) {
  const { x, y, height, label, sub, perSecond, errorsPerSecond } = node;
  const ratio = perSecond === 0 ? 0 : errorsPerSecond / perSecond;
  const middle = y + height / 2;
  const failing = ratio > 0 ? `, ${formatShare(ratio)} fail` : "";
  const words = `${formatRate(perSecond)}/s${failing}${sub === "" ? "" : ` · ${sub}`}`;
  return (
    <g>
      <title>{`${label} ${sub}: ${formatRate(perSecond)}/s, ${formatShare(ratio)} fail`}</title>
      <rect class={`flow-node tone-${errorTone(ratio)}`} x={x} y={y} width={NODE_WIDTH} height={height} rx={2} />
      <text class="flow-label" x={x + NODE_WIDTH + 6} y={middle - 3}>
        {shortened(label, room / LABEL_LETTER)}
      </text>
      <text class="flow-sub" x={x + NODE_WIDTH + 6} y={middle + 10}>
        {shortened(words, room / SUB_LETTER)}
      </text>
    </g>
  );
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, Math.max(1, Math.floor(most) - 1))}…`;
}
