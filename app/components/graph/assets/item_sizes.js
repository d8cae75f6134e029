// How large the items are: as wide as their two lines, within limits.

import { figure, plural } from "./figures.js";

export const NODE_HEIGHT = 48;
export const BOX_HEIGHT = 64;
export const HEADER = 34; // of an open box
export const FONT = 15; // pixels of all texts in a drawing that is not scaled
const LETTER = 7.3; // the mean width of a letter in that font
const NODE_ROOM = 54; // beside the text: badge and margins
const BOX_ROOM = 42; // beside the text: fold sign and margins
const NARROW = 76;
const WIDE = 210;

// Returns the two lines of an item: what it is, and its size or name.
export function linesOf(model, item) {
  if (model.isBox(item)) return [model.label(item), describeBox(model, item)];
  const titles = [model.op(item), model.label(item)];
  if (!model.isNode(item)) return titles.reverse();
  return [titles[0], model.weightShape(item) || titles[1]];
}

export function sizeOf(model, item) {
  const box = model.isBox(item);
  const longest = Math.max(...linesOf(model, item).map((line) => line.length));
  const width = longest * LETTER + (box ? BOX_ROOM : NODE_ROOM);
  const height = box ? BOX_HEIGHT : NODE_HEIGHT;
  return { width: Math.round(Math.min(WIDE, Math.max(NARROW, width))), height };
}

export function labelSize(text) {
  return { width: text.length * LETTER + 4, height: FONT + 4 };
}

function describeBox(model, box) {
  const weights = model.weights(box);
  if (weights) return `${figure(weights, "").trim()} weights`;
  return plural(model.under(box).filter((item) => !model.isPlumbing(item)).length, "node");
}
