// One wire for all edges between two visible items.

const DEPENDENT_FIRST = "CIRK?";

// Returns wires { tail, head, side, count, edges, label }.
export function mergeEdges(model, folding) {
  const wires = new Map();
  const flows = ({ tail, head }) =>
    folding.plumbing || !(model.isPlumbing(tail) || model.isPlumbing(head));
  for (const edge of model.edges.filter(flows)) {
    const tail = folding.shown(edge.tail);
    const head = folding.shown(edge.head);
    if (tail === head) continue;
    const key = tail * model.total + head;
    if (!wires.has(key)) wires.set(key, { tail, head, edges: [] });
    wires.get(key).edges.push(edge);
  }
  return [...wires.values()].map((wire) => ({
    ...wire,
    count: wire.edges.length,
    side: mixedSide(wire.edges),
    label: labelOf(wire.edges),
  }));
}

// Edges of several sides: candidate side as soon as one of them is.
function mixedSide(edges) {
  return [...DEPENDENT_FIRST].find((side) => edges.some((edge) => edge.side === side));
}

// The shape of what flows; of several tensors how many there are.
function labelOf(edges) {
  const tensors = new Set(edges.map(({ tail, shape }) => `${tail} ${shape}`));
  return tensors.size > 1 ? `${tensors.size}×` : edges[0].shape;
}
