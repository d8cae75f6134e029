// One graph on one canvas: vis-network moves the view and hears the pointer, PaneDrawing draws.

import { BoxFolding } from "./box_folding.js";
import { FONT, HEADER } from "./item_sizes.js";
import { getEngine } from "./layout_engine.js";
import { Minimap } from "./minimap.js";
import { PaneDrawing } from "./pane_drawing.js";
import { boundsOf, centerOf } from "./rectangles.js";
import { DataSet, Network } from "./vis_network.js";

const LEAST_READABLE = 0.4;
const LARGEST_FIT = 1.1;
const SMALLEST_FIT = 0.02;
const LEAST_FIRST = 14 / FONT; // of a first view: its texts are of 14 pixels
const WISHED = 0.75;
const MARGIN = 20;
const FOLD_SIGN = 34; // width of the plus or minus at the left of a box
const MOST_HOPS = 4;

export class Pane {
  selected = -1;
  linked = new Set(); // what the other pane's selection became, or was made from
  lit = null; // what is not dimmed; null: nothing is
  away = false;
  #litBy = "";
  #fitting = null; // what brought the view about, as long as nothing else has moved it
  #styles;
  #listener;
  #network;
  #nodes = new DataSet([]);

  // `listener` hears focused(pane), picked(pane, item, shift), folded() and moved().
  constructor(element, model, styles, listener) {
    this.element = element;
    this.model = model;
    this.folding = new BoxFolding(model, getEngine());
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
    this.#fitting = null;
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
        title: this.#styles.tip(this.model, item),
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
    this.#fitting = items ? null : () => this.fit();
    const box = items ? this.#around(items) : this.folding.bounds;
    const scale = Math.max(this.#scaleFor(box), SMALLEST_FIT);
    this.#network.moveTo({ position: centerOf(box), scale, animation: false });
  }

  // Everything where it can be read so, else as much of it as can, from where it begins.
  fitReadable() {
    this.#fitting = () => this.fitReadable();
    const { bounds } = this.folding;
    const scale = Math.max(this.#scaleFor(bounds), LEAST_FIRST);
    const { clientWidth, clientHeight } = this.element;
    const width = Math.min(bounds.width, (clientWidth - MARGIN) / scale);
    const height = Math.min(bounds.height, (clientHeight - MARGIN) / scale);
    const position = centerOf({ ...bounds, width, height });
    this.#network.moveTo({ position, scale, animation: false });
  }

  // Moves the view so that this place is in its middle.
  centerOn(position) {
    this.#fitting = null;
    this.#network.moveTo({ position, animation: false });
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
    this.#fitting = null;
    this.#network.moveTo({
      position: centerOf(box),
      scale: Math.min(wished, Math.max(this.#scaleFor(box), LEAST_READABLE)),
      animation: { duration: 250, easingFunction: "easeInOutQuad" },
    });
  }

  // A point of an item's border, relative to the pane; `below` is in heights from its center.
  spot(item, below) {
    const { x, y, height } = this.folding.place[this.folding.shown(item)];
    return this.#network.canvasToDOM({ x, y: y + below * height });
  }

  zoom(factor) {
    this.#fitting = null;
    this.#network.moveTo({ scale: this.#network.getScale() * factor, animation: false });
  }

  destroy() {
    this.#fitting = null;
    this.#network.destroy();
  }

  #listen(minimap) {
    const network = this.#network;
    network.on("beforeDrawing", (ctx) => this.drawing.drawBelow(ctx, network.getScale()));
    network.on("afterDrawing", () => {
      minimap.draw();
      this.#listener.moved();
    });
    for (const moved of ["dragStart", "zoom"]) {
      network.on(moved, () => {
        this.#fitting = null;
      });
    }
    // vis-network changes the scale once it has told of a new size
    network.on("resize", () => queueMicrotask(() => this.#fitting?.()));
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

  #around(items) {
    return boundsOf(items.map((item) => this.folding.place[this.folding.shown(item)]));
  }

  // The largest scale at which the rectangle is in view.
  #scaleFor({ width, height }) {
    const { clientWidth, clientHeight } = this.element;
    const across = (clientWidth - MARGIN) / (width + 1);
    return Math.min(LARGEST_FIT, across, (clientHeight - MARGIN) / (height + 1));
  }
}
