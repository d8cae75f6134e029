// One graph on one canvas: vis-network moves the view and hears the pointer, PaneDrawing draws.

import { BoxFolding, HEADER } from "./box_folding.js";
import { Minimap } from "./minimap.js";
import { PaneDrawing } from "./pane_drawing.js";
import { DataSet, Network } from "./vis_network.js";

const LEAST_READABLE = 0.4;
const LARGEST_FIT = 1.1;
const SMALLEST_FIT = 0.02;
const WISHED = 0.75;
const MARGIN = 50;
const FOLD_SIGN = 34; // width of the plus or minus at the left of a box
const MOST_HOPS = 4;

export class Pane {
  selected = -1;
  linked = new Set(); // what the other pane's selection became, or was made from
  lit = null; // what is not dimmed; null: nothing is
  away = false;
  #litBy = "";
  #styles;
  #listener;
  #network;
  #nodes = new DataSet([]);

  // `listener` hears focused(pane), picked(pane, item, shift), folded() and moved().
  constructor(element, model, styles, listener) {
    this.element = element;
    this.model = model;
    this.folding = new BoxFolding(model);
    this.drawing = new PaneDrawing(model, this.folding, styles);
    this.#styles = styles;
    this.#listener = listener;
    this.#network = new Network(
      element,
      { nodes: this.#nodes, edges: new DataSet([]) },
      {
        autoResize: true,
        physics: false,
        layout: { improvedLayout: false },
        nodes: { shape: "custom", fixed: true, ctxRenderer: (state) => this.#renderer(state) },
        interaction: {
          dragNodes: false,
          hover: true,
          keyboard: false,
          tooltipDelay: 450,
          zoomSpeed: 0.7,
        },
      },
    );
    const minimap = new Minimap(element, this.#network, this, styles);
    this.#listen(minimap);
  }

  get view() {
    return { ...this.#network.getViewPosition(), scale: this.#network.getScale() };
  }

  set view({ x, y, scale }) {
    this.#network.moveTo({ position: { x, y }, scale, animation: false });
  }

  // Brings the nodes of vis-network in line with what is visible.
  sync() {
    const { visible, place } = this.folding;
    this.#prepare();
    const wanted = new Set(visible);
    this.#nodes.remove(this.#nodes.getIds().filter((id) => !wanted.has(id)));
    this.#nodes.update(
      visible.map((item) => ({
        id: item,
        x: place[item].x,
        y: place[item].y,
        title: this.#tip(item),
      })),
    );
    this.#network.redraw();
    this.#describeSizes();
  }

  // Colors or filters have changed.
  restyle() {
    this.#prepare();
    this.#network.redraw();
  }

  // Only the selection has changed.
  reselect() {
    this.drawing.emphasize(this.selected, this.linked);
    this.#network.redraw();
  }

  // Dims all but these; the same once more shows everything again.
  light(items, name) {
    this.lit = this.#litBy === name && this.lit ? null : items;
    this.#litBy = name;
    this.restyle();
  }

  // The neighbors, and with each call those a step further away.
  widen(item) {
    const hops = this.lit && this.#litBy.startsWith("near") ? Number(this.#litBy.slice(4)) + 1 : 1;
    if (hops > MOST_HOPS) this.light(this.lit, this.#litBy);
    else this.light(this.model.near(item, hops), `near${hops}`);
  }

  toggle(box) {
    const start = performance.now();
    const before = this.folding.place[box];
    this.folding.toggle(box);
    this.#keepInPlace(before, this.folding.place[box]);
    this.sync();
    this.#listener.folded();
    performance.measure("mari graph: open", { start });
  }

  // Changes what is open by `change(folding)`, and shows everything.
  refold(change) {
    change(this.folding);
    this.sync();
    this.fit();
  }

  // Opens these boxes, counted from the whole, and closes all others.
  openOnly(boxes) {
    const { root, total } = this.model;
    const items = boxes.map((box) => box + root);
    this.folding.openOnly(items.filter((item) => item >= root && item < total));
    this.sync();
  }

  fit(items = null) {
    const box = items ? this.#around(items) : this.folding.bounds;
    const scale = Math.max(this.#scaleFor(box), SMALLEST_FIT);
    this.#network.moveTo({ position: centerOf(box), scale, animation: false });
  }

  // Fits once the pane has its new width.
  refit() {
    this.#network.redraw();
    this.#network.once("resize", () => this.fit());
  }

  // Shows the items at a readable size if they fit so, opening boxes where needed.
  reveal(items) {
    if (this.folding.reveal(items)) this.sync();
    this.turnTo(items);
  }

  // Brings what stands for the items into view; closed boxes stay closed.
  turnTo(items) {
    const box = this.#around(items);
    const wished = Math.max(this.#network.getScale(), WISHED);
    this.#network.moveTo({
      position: centerOf(box),
      scale: Math.min(wished, Math.max(this.#scaleFor(box), LEAST_READABLE)),
      animation: { duration: 250, easingFunction: "easeInOutQuad" },
    });
  }

  // A point of an item's border, relative to the pane; `aside` is in widths from its center.
  spot(item, aside) {
    const { x, y, width } = this.folding.place[this.folding.shown(item)];
    return this.#network.canvasToDOM({ x: x + aside * width, y });
  }

  zoom(factor) {
    this.#network.moveTo({ scale: this.#network.getScale() * factor, animation: false });
  }

  destroy() {
    this.#network.destroy();
  }

  #listen(minimap) {
    const network = this.#network;
    network.on("beforeDrawing", (ctx) => this.drawing.drawBelow(ctx, network.getScale()));
    network.on("afterDrawing", () => {
      minimap.draw();
      this.#listener.moved();
    });
    network.on("click", (event) => this.#clicked(event));
    network.on("doubleClick", (event) => {
      const item = this.#itemAt(event);
      if (item >= 0 && this.model.isBox(item)) this.toggle(item);
    });
    network.on("hoverNode", () => {
      this.element.style.cursor = "pointer";
    });
    network.on("blurNode", () => {
      this.element.style.cursor = "";
    });
  }

  #clicked(event) {
    const item = this.#itemAt(event);
    this.#listener.focused(this);
    if (item >= 0 && this.model.isBox(item)) {
      const { x, width } = this.folding.place[item];
      if (event.pointer.canvas.x < x - width / 2 + FOLD_SIGN) {
        this.toggle(item);
        return;
      }
    }
    this.#listener.picked(this, item, event.event.srcEvent.shiftKey);
  }

  #itemAt({ nodes, pointer }) {
    return nodes.length ? nodes[0] : this.#frameAt(pointer.canvas);
  }

  // The innermost open box whose header lies under the pointer.
  #frameAt({ x, y }) {
    const { frames, place } = this.folding;
    const under = [...frames].reverse().find((box) => {
      const top = place[box].y - place[box].height / 2;
      return Math.abs(x - place[box].x) < place[box].width / 2 && y > top && y < top + HEADER;
    });
    return under ?? -1;
  }

  #prepare() {
    this.drawing.prepare(this.lit);
    this.drawing.emphasize(this.selected, this.linked);
  }

  #renderer({ ctx, id, state }) {
    const { width, height } = this.folding.place[id];
    return {
      drawNode: () => this.drawing.drawItem(ctx, this.#network.getScale(), id, state.hover),
      nodeDimensions: { width, height },
    };
  }

  #tip(item) {
    const { model } = this;
    if (model.isBox(item)) {
      const count = model.under(item).length.toLocaleString("en");
      return `${model.name(item)}\n${count} nodes\nDouble click opens it`;
    }
    const side = this.#styles.theme.mark("side", model.side(item)).name;
    return [model.op(item), model.name(item), side].filter(Boolean).join("\n");
  }

  // For assistive technology and tests: a canvas has no contents to read.
  #describeSizes() {
    const { visible, frames } = this.folding;
    const boxes = visible.filter((item) => this.model.isBox(item)).length;
    const nodes = visible.length - boxes;
    this.element.setAttribute("role", "img");
    this.element.setAttribute(
      "aria-label",
      `${nodes} nodes, ${boxes} closed boxes, ${frames.length} open boxes`,
    );
  }

  // Moves the view so that what was clicked stays under the pointer.
  #keepInPlace(before, after) {
    const { x, y } = this.#network.getViewPosition();
    const rise = after.y - after.height / 2 - (before.y - before.height / 2);
    const position = { x: x + after.x - before.x, y: y + rise };
    this.#network.moveTo({ position, animation: false });
  }

  // The smallest rectangle around what stands for the items.
  #around(items) {
    const places = items.map((item) => this.folding.place[this.folding.shown(item)]);
    const left = Math.min(...places.map(({ x, width }) => x - width / 2));
    const top = Math.min(...places.map(({ y, height }) => y - height / 2));
    const right = Math.max(...places.map(({ x, width }) => x + width / 2));
    const bottom = Math.max(...places.map(({ y, height }) => y + height / 2));
    return { left, top, width: right - left, height: bottom - top };
  }

  // The largest scale at which the rectangle is in view.
  #scaleFor({ width, height }) {
    const { clientWidth, clientHeight } = this.element;
    const across = (clientWidth - MARGIN) / (width + 1);
    return Math.min(LARGEST_FIT, across, (clientHeight - MARGIN) / (height + 1));
  }
}

function centerOf({ left, top, width, height }) {
  return { x: left + width / 2, y: top + height / 2 };
}
