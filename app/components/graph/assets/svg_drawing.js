// The drawing of the panes as SVG: everything that is open, not only what is in view.

import { shortened } from "./canvas_shapes.js";
import { shape } from "./dom.js";
import { FONT } from "./item_sizes.js";

const EDGE = 30; // around each pane
const BAND = 44; // for the titles above, and for the legend below
const LEAST_WIDTH = 920; // the legend has room then
const CUT = 11; // of an item's corners
const HEADLINE = 64; // the title of what is told
const LINE = 26; // of its caption

// Returns { svg, width, height }: the panes one above the other, each below its title, and the
// legend below all; where something is `told`, its title and caption above.
// `font` is a style sheet that holds it.
export function drawSvg(panes, { theme, font }, legend, told) {
  const sizes = panes.map(({ folding }) => folding.bounds);
  const width = Math.max(LEAST_WIDTH, ...sizes.map((size) => size.width + 2 * EDGE));
  const lines = told ? wrap(told.caption, theme, width - 2 * EDGE) : [];
  const heights = sizes.map((size) => BAND + size.height + 2 * EDGE);
  const above = told ? HEADLINE + lines.length * LINE : 0;
  const below = legend.besides.length ? 2 * BAND : BAND;
  const height = heights.reduce((sum, each) => sum + each, above + below);
  const svg = shape("svg", {
    xmlns: "http://www.w3.org/2000/svg",
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    "font-family": theme.font,
  });
  shape("rect", { width, height, fill: theme.background }, svg);
  shape("style", {}, svg, font);
  defineHatch(svg, theme);
  if (told) drawCaption(svg, theme, told.title, lines);
  let top = above;
  for (const [at, pane] of panes.entries()) {
    if (at) shape("line", { x1: 8, x2: width - 8, y1: top, y2: top, stroke: theme.line }, svg);
    const left = (width - sizes[at].width) / 2;
    new PaneSketch(pane, theme).drawInto(svg, { left, top });
    top += heights[at];
  }
  const color = (mark) => [mark.color, theme.paint(mark.color).letter];
  drawLegend(svg, theme, legend.marks, { middle: height - below + BAND / 2, color });
  const plain = () => ["none", theme.text];
  drawLegend(svg, theme, legend.besides, { middle: height - BAND / 2, color: plain });
  return { svg, width, height };
}

function drawCaption(svg, theme, title, lines) {
  const text = { x: EDGE, fill: theme.text };
  shape("text", { ...text, y: 42, "font-size": 26, "font-weight": 700 }, svg, title);
  for (const [at, line] of lines.entries()) {
    shape("text", { ...text, y: HEADLINE + at * LINE + 12, "font-size": 18 }, svg, line);
  }
}

// The text in lines that the width has room for.
function wrap(text, theme, width) {
  const ctx = document.createElement("canvas").getContext("2d");
  ctx.font = `18px ${theme.font}`;
  const lines = [];
  for (const word of text.split(" ")) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && ctx.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function defineHatch(svg, theme) {
  const pattern = {
    id: "hatch",
    width: 8,
    height: 8,
    patternUnits: "userSpaceOnUse",
    patternTransform: "rotate(45)",
  };
  const hatch = shape("pattern", pattern, shape("defs", {}, svg));
  shape("rect", { width: 1.6, height: 8, fill: theme.text, "fill-opacity": 0.22 }, hatch);
}

// `color(mark)`: what its badge is filled with, and the color of its letter.
function drawLegend(svg, theme, marks, { middle, color }) {
  let x = EDGE;
  for (const mark of marks) {
    const [fill, letter] = color(mark);
    const rim = { stroke: fill === "none" ? theme.text : fill };
    shape("circle", { cx: x + 9, cy: middle, r: 9, fill, ...rim }, svg);
    const style = letterStyle({ letter }, 14);
    shape("text", { x: x + 9, y: middle + 4.5, ...style }, svg, mark.sign || mark.letter);
    const name = { x: x + 24, y: middle + 5, "font-size": 14, fill: theme.text };
    shape("text", name, svg, mark.name);
    x += 46 + mark.name.length * 7.2;
  }
}

function letterStyle(paint, size) {
  const fill = paint.letter;
  return { "font-size": size, "font-weight": 700, "text-anchor": "middle", fill };
}

// One pane: frames, wires, nodes and their texts, as they are open now.
class PaneSketch {
  #pane;
  #theme;
  #ctx = document.createElement("canvas").getContext("2d"); // measures texts

  constructor(pane, theme) {
    this.#pane = pane;
    this.#theme = theme;
  }

  drawInto(svg, { left, top }) {
    const { bounds, frames, wires, visible, lanes } = this.#pane.folding;
    const transform = `translate(${left - bounds.left}, ${top + BAND + EDGE - bounds.top})`;
    const group = shape("g", { transform }, svg);
    const style = { "font-size": 17, "font-weight": 700, fill: this.#theme.text };
    shape("text", { x: EDGE, y: top + 30, ...style }, svg, this.#pane.model.data.title);
    for (const [at, lane] of lanes.entries()) this.#drawLane(group, lane, at % 2 === 0);
    for (const box of frames) this.#drawFrame(group, box);
    for (const wire of wires) this.#drawWire(group, wire);
    for (const box of frames) this.#drawFrameTitle(group, box);
    for (const item of visible) this.#drawItem(group, item);
  }

  #drawLane(group, { name, left, right }, shaded) {
    const { top, height } = this.#pane.folding.bounds;
    const ground = { x: left, y: top, width: right - left, height, fill: this.#theme.text };
    if (shaded) shape("rect", { ...ground, "fill-opacity": 0.035 }, group);
    const place = { x: (left + right) / 2, y: top + 22, size: FONT, room: right - left - 8 };
    const style = { "font-weight": 600, "text-anchor": "middle", fill: this.#theme.muted };
    this.#write(group, name, { ...place, ...style });
  }

  // Left, top, width, height and center of an item, with its look.
  #place(item) {
    const place = this.#pane.folding.place[item];
    const look = this.#pane.drawing.looks.get(item);
    return { ...place, left: place.x - place.width / 2, top: place.y - place.height / 2, look };
  }

  #write(group, text, { size, room, ...attributes }) {
    this.#ctx.font = `600 ${size}px ${this.#theme.font}`;
    const short = shortened(this.#ctx, text, room);
    shape("text", { "font-size": size, ...attributes }, group, short);
  }

  #drawFrame(group, box) {
    const { left, top, width, height, look } = this.#place(box);
    const { text, background } = this.#theme;
    const shade = look.depth % 2 ? [text, 0.045] : [background, 1];
    const fill = { fill: shade[0], "fill-opacity": shade[1], stroke: text, "stroke-opacity": 0.25 };
    shape("rect", { x: left, y: top, width, height, rx: 10, ...fill }, group);
  }

  #drawFrameTitle(group, box) {
    const { left, top, width, look } = this.#place(box);
    const { muted, background } = this.#theme;
    const rim = { stroke: background, "stroke-width": 4, "paint-order": "stroke" };
    const style = { "font-weight": 600, fill: muted, ...rim };
    const place = { x: left + 14, y: top + 22, size: FONT, room: width - 28 };
    this.#write(group, look.title, { ...place, ...style });
  }

  #drawWire(group, wire) {
    const color = this.#theme.wire(wire.side);
    const opacity = this.#pane.drawing.isDim(wire) ? this.#theme.dimmed : 1;
    const width = wire.count > 1 ? 3 : 2;
    const line = { d: wirePath(wire.points), fill: "none", stroke: color, "stroke-width": width };
    shape("path", { ...line, opacity }, group);
    const [x, y] = wire.points.at(-1);
    shape("path", { d: `M${x},${y}l-9,-4.5v9Z`, fill: color, opacity }, group);
    if (!wire.labelAt) return;
    const style = { "font-size": FONT, "text-anchor": "middle", fill: this.#theme.muted, opacity };
    shape("text", { x: wire.labelAt.x, y: wire.labelAt.y + 5, ...style }, group, wire.label);
  }

  #drawItem(parent, item) {
    const place = this.#place(item);
    const group = shape("g", { opacity: place.look.dim ? this.#theme.dimmed : 1 }, parent);
    if (this.#pane.model.isBox(item)) this.#drawBox(group, place);
    else this.#drawNode(group, place);
  }

  #drawBox(group, { left, top, width, height, look }) {
    const { background, line } = this.#theme;
    for (const offset of [4, 0]) {
      const corner = { x: left + offset, y: top + offset };
      const style = { rx: 7, fill: background, stroke: line };
      shape("rect", { ...corner, width, height, ...style }, group);
    }
    let at = left + 7;
    for (const { color, share, text } of look.bar) {
      const length = (width - 14) * share;
      const part = { x: at, y: top + height - 22, width: length, height: 16, fill: color };
      shape("rect", part, group);
      const letter = letterStyle(this.#theme.paint(color), 14);
      const place = { x: at + length / 2, y: top + height - 9 };
      if (length > 12) shape("text", { ...place, ...letter }, group, text);
      at += length;
    }
    this.#writeTitles(group, look, { x: left + 12, room: width - 24 }, [top + 19, top + 36]);
  }

  #drawNode(group, place) {
    const { left, top, width, y, look } = place;
    const paint = this.#theme.paint(look.color || this.#theme.line);
    const [name, outline] = nodeOutline(place);
    const stroke = { stroke: paint.border, "stroke-width": look.fresh ? 3.5 : 2 };
    const dashes = { "stroke-dasharray": look.dashed ? "5 4" : "none" };
    shape(name, { ...outline, fill: paint.fill, ...stroke, ...dashes }, group);
    if (look.hatched) shape(name, { ...outline, fill: "url(#hatch)" }, group);
    shape("circle", { cx: left + 19, cy: y, r: 11, fill: paint.strong }, group);
    const letter = letterStyle(paint, FONT);
    shape("text", { x: left + 19, y: y + 4.5, ...letter }, group, look.letter);
    const lines = look.subtitle ? [y - 4, y + 15] : [y + 5];
    this.#writeTitles(group, look, { x: left + 34, room: width - 40 }, lines);
    if (!look.sign) return;
    const right = left + width - 4;
    shape("circle", { cx: right, cy: top, r: 9, fill: paint.strong }, group);
    shape("text", { x: right, y: top + 4.5, ...letterStyle(paint, FONT) }, group, look.sign);
  }

  #writeTitles(group, look, place, [first, second]) {
    const { text, muted } = this.#theme;
    const title = { ...place, y: first, size: FONT, "font-weight": 600, fill: text };
    this.#write(group, look.title, title);
    if (look.subtitle) {
      this.#write(group, look.subtitle, { ...place, y: second, size: FONT, fill: muted });
    }
  }
}

// The element and its geometry: a node looks as on the canvas.
function nodeOutline({ left, top, y, width, height, look }) {
  if (look.side !== "I") {
    const rx = look.side === "R" ? height / 2 : 4;
    return ["rect", { x: left, y: top, width, height, rx }];
  }
  const [first, last, right, bottom] = [left + CUT, left + width - CUT, left + width, top + height];
  const upper = `M${first},${top}H${last}L${right},${y}`;
  return ["path", { d: `${upper}L${last},${bottom}H${first}L${left},${y}Z` }];
}

function wirePath([[x, y], ...rest]) {
  return `M${x},${y}${rest.map(([toX, toY]) => `L${toX},${toY}`).join("")}`;
}
