// Where what is visible stands, and how the wires run: asked of ELK, from left to right.

import { HEADER, labelSize, sizeOf } from "./item_sizes.js";

const MOST_LABELLED = 150; // visible items; beyond, texts are too small to read anyway
const MOST_CAREFUL = 250; // visible items; beyond, fewer orders are tried
const LANE_HEIGHT = 34; // of the names of the lanes, above all else
const PADDING = 16;

const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.json.shapeCoords": "ROOT",
  "elk.json.edgeCoords": "ROOT",
  "elk.partitioning.activate": "true",
  "elk.padding": "[top=12,left=12,bottom=12,right=12]",
  "elk.spacing.nodeNode": "18",
  "elk.spacing.edgeNode": "14",
  "elk.spacing.edgeEdge": "10",
  "elk.spacing.edgeLabel": "3",
  "elk.layered.spacing.nodeNodeBetweenLayers": "16",
  "elk.layered.spacing.edgeNodeBetweenLayers": "12",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "8",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
  "elk.layered.nodePlacement.bk.fixedAlignment": "BALANCED",
};
const FRAME = {
  "elk.padding": `[top=${HEADER},left=${PADDING},bottom=${PADDING},right=${PADDING}]`,
};

// Returns { place, bounds, wires, lanes } for a folding: centers and sizes by item, the wires with
// their points and the place of their label, and { name, left, right } of each lane that is used.
export function layOutFlow(model, folding, wires, engine) {
  const labelled = folding.visible.length <= MOST_LABELLED;
  const careful = folding.visible.length <= MOST_CAREFUL;
  const found = engine.layOut({
    id: "flow",
    layoutOptions: { ...OPTIONS, "elk.layered.thoroughness": careful ? "7" : "1" },
    children: listChildren(model, folding, model.root),
    edges: wires.map((wire, at) => toEdge(wire, at, labelled)),
  });
  const place = new Array(model.total);
  readPlaces(found.children, place);
  const lanes = readLanes(model, place);
  const top = lanes.length ? -LANE_HEIGHT : 0;
  return {
    place,
    lanes,
    bounds: { left: 0, top, width: found.width, height: found.height - top },
    wires: wires.map((wire, at) => readWire(wire, found.edges[at])),
  };
}

function listChildren(model, folding, box) {
  return folding.shownInside(box).map((item) => {
    const lane = box === model.root ? model.data.lane[item] : -1;
    const options = lane < 0 ? {} : { "elk.partitioning.partition": String(lane) };
    const node = { id: String(item), layoutOptions: options };
    if (!folding.isFrame(item)) return { ...node, ...sizeOf(model, item) };
    const children = listChildren(model, folding, item);
    return { ...node, layoutOptions: { ...options, ...FRAME }, children };
  });
}

function toEdge({ tail, head, label }, at, labelled) {
  const labels = labelled && label ? [{ text: label, ...labelSize(label) }] : [];
  return { id: `w${at}`, sources: [String(tail)], targets: [String(head)], labels };
}

function readPlaces(nodes, place) {
  for (const { id, x, y, width, height, children = [] } of nodes) {
    place[Number(id)] = { x: x + width / 2, y: y + height / 2, width, height };
    readPlaces(children, place);
  }
}

function readWire(wire, { sections: [section], labels: [label] }) {
  const { startPoint, bendPoints = [], endPoint } = section;
  const points = [startPoint, ...bendPoints, endPoint].map(({ x, y }) => [x, y]);
  const at = label && { x: label.x + label.width / 2, y: label.y + label.height / 2 };
  return { ...wire, points, labelAt: at || null };
}

// The lanes that hold something, each up to the middle between its items and the next one's.
function readLanes(model, place) {
  const spans = model.data.lanes.map((name) => ({ name, left: Infinity, right: -Infinity }));
  for (const item of model.inside(model.root)) {
    const lane = spans[model.data.lane[item]];
    if (!lane || !place[item]) continue;
    const { x, width } = place[item];
    lane.left = Math.min(lane.left, x - width / 2);
    lane.right = Math.max(lane.right, x + width / 2);
  }
  const used = spans.filter(({ left, right }) => left < right);
  for (let at = 1; at < used.length; at += 1) {
    const middle = (used[at - 1].right + used[at].left) / 2;
    used[at - 1].right = middle;
    used[at].left = middle;
  }
  return used;
}
