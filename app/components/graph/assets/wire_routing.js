// One wire for all edges between two visible items, through the bends between the rows.

const PORT_GAP = 14;
const PORT_MARGIN = 30;
const DEPENDENT_FIRST = "CIRK?";

// Returns wires { tail, head, side, count, edges, points }.
export function routeWires(model, folding, bends) {
  const wires = mergeEdges(model, folding);
  spreadPorts(wires, folding.place, "tail", "head", "from");
  spreadPorts(wires, folding.place, "head", "tail", "to");
  for (const wire of wires) wire.points = listPoints(wire, model, folding.place, bends);
  return wires;
}

function mergeEdges(model, folding) {
  const wires = new Map();
  const shown = new Int32Array(model.count);
  for (let item = 0; item < model.count; item += 1) shown[item] = folding.shown(item);
  for (const edge of model.edges) {
    const tail = shown[edge.tail];
    const head = shown[edge.head];
    if (tail === head) continue;
    const key = tail * model.total + head;
    const wire = wires.get(key);
    if (wire) {
      wire.count += 1;
      wire.edges.push(edge);
      wire.side = mixedSide(wire.side, edge.side);
    } else {
      wires.set(key, { tail, head, side: edge.side, count: 1, edges: [edge] });
    }
  }
  return [...wires.values()];
}

// Edges of several sides: candidate side as soon as one of them is.
function mixedSide(one, other) {
  return [...DEPENDENT_FIRST].find((side) => side === one || side === other);
}

// Wires leave and arrive side by side, in the order in which their other ends lie.
function spreadPorts(wires, place, end, otherEnd, port) {
  const groups = new Map();
  for (const wire of wires) {
    const group = groups.get(wire[end]);
    if (group) group.push(wire);
    else groups.set(wire[end], [wire]);
  }
  for (const [item, group] of groups) {
    const { x, width } = place[item];
    group.sort((a, b) => place[a[otherEnd]].x - place[b[otherEnd]].x);
    const step = Math.min(PORT_GAP, (width - PORT_MARGIN) / group.length);
    for (const [at, wire] of group.entries()) {
      wire[port] = x + (at - (group.length - 1) / 2) * step;
    }
  }
}

// From the lower border of the tail to the upper border of the head.
function listPoints(wire, model, place, bends) {
  const tail = place[wire.tail];
  const head = place[wire.head];
  const points = [[wire.from, tail.y + tail.height / 2]];
  const upward = head.y < tail.y;
  const [edge] = wire.edges;
  for (const entry of model.route(edge.from, edge.to)) {
    const bend = bends.get(entry);
    if (!bend) continue;
    const [first, last] = upward ? [bend.bottom, bend.top] : [bend.top, bend.bottom];
    points.push([bend.x, first]);
    if (bend.bottom > bend.top) points.push([bend.x, last]);
  }
  points.push([wire.to, head.y - head.height / 2]);
  return points;
}
