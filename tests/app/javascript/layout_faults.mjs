// What would make a picture hard to read: things that overlap, wires behind boxes or titles.

import { HEADER, labelSize } from "../../../app/components/graph/assets/item_sizes.js";

const TITLE = 0.7; // of a frame's width, at most, that its title is looked for in
const BELOW = 6; // pixels of a header that are below its title
const TOUCH = 0.5; // pixels that count as touching only

// Returns a line for each fault in what a folding shows.
export function findFaults(model, folding) {
  const { place, visible, frames } = folding;
  const items = visible.map((item) => ({ item, name: model.name(item), ...toSides(place[item]) }));
  const titles = frames.map((box) => ({
    name: `title of ${model.name(box)}`,
    ...title(place[box]),
  }));
  const labels = folding.wires.filter(({ labelAt }) => labelAt).map(toLabel);
  return [
    ...overlaps(items, items),
    ...overlaps(labels, [...items, ...titles]),
    ...frames.flatMap((box) => strays(model, folding, box)),
    ...folding.wires.flatMap((wire) => crossings(model, wire, [...items, ...titles])),
  ];
}

function toSides({ x, y, width, height }) {
  return { left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 };
}

function title(place) {
  const { left, top } = toSides(place);
  return { left, right: left + TITLE * place.width, top, bottom: top + HEADER - BELOW };
}

function toLabel({ label, labelAt }) {
  return { name: `label ${label}`, ...toSides({ ...labelAt, ...labelSize(label) }) };
}

function meet(one, other) {
  return (
    one.left + TOUCH < other.right &&
    other.left + TOUCH < one.right &&
    one.top + TOUCH < other.bottom &&
    other.top + TOUCH < one.bottom
  );
}

function overlaps(these, those) {
  return these.flatMap((one, at) =>
    those
      .filter((other, index) => (these === those ? index > at : true) && meet(one, other))
      .map((other) => `${one.name} lies on ${other.name}`),
  );
}

// Items that lie outside of the frame around them.
function strays(model, folding, box) {
  const frame = toSides(folding.place[box]);
  const outside = folding.shownInside(box).filter((item) => {
    const { left, right, top, bottom } = toSides(folding.place[item]);
    return left < frame.left || right > frame.right || top < frame.top || bottom > frame.bottom;
  });
  return outside.map((item) => `${model.name(item)} leaves ${model.name(box)}`);
}

// Items and titles that a wire runs behind; at its ends it only touches.
function crossings(model, wire, things) {
  const segments = wire.points.slice(1).map(([x, y], at) => {
    const [fromX, fromY] = wire.points[at];
    return {
      left: Math.min(x, fromX) - 2 * TOUCH,
      right: Math.max(x, fromX) + 2 * TOUCH,
      top: Math.min(y, fromY) - 2 * TOUCH,
      bottom: Math.max(y, fromY) + 2 * TOUCH,
    };
  });
  const ends = [wire.tail, wire.head];
  const behind = things.filter((thing) => {
    const shrunk = ends.includes(thing.item) ? shrink(thing) : thing;
    return segments.some((segment) => meet(segment, shrunk));
  });
  const name = `${model.name(wire.tail)} -> ${model.name(wire.head)}`;
  return behind.map((thing) => `${name} runs behind ${thing.name}`);
}

function shrink({ left, right, top, bottom }) {
  return { left: left + 3, right: right - 3, top: top + 3, bottom: bottom - 3 };
}
