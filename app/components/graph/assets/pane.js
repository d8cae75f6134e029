// One graph on one canvas: vis-network moves the view and hears the pointer, PaneDrawing draws.

import { BoxFolding } from "./box_folding.js";
import { HEADER } from "./item_sizes.js";
import { getEngine } from "./layout_engine.js";
import { Minimap } from "./minimap.js";
import { PaneDrawing } from "./pane_drawing.js";
import { LARGEST_FIT, Viewport } from "./viewport.js";
import { DataSet, Network } from "./vis_network.js";

const FOLD_SIGN = 34; // width of the plus or minus at the left of a box
const MOST_HOPS = 4;
const LARGEST_STAGED = 2.2;

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

  // `listener` hears focused(pane), picked(pane, item, shift), folded(), moved() and
  // steered(pane, change): a hand has moved the view.
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
    this.viewport = new Viewport(element, this.#network, this.folding, (change) =>
      listener.steered(this, change),
    );
    const minimap = new Minimap(element, this.#network, this, styles);
    this.#listen(minimap);
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
    this.viewport.keepInPlace(before, this.folding.place[box]);
    this.sync();
    this.#listener.folded();
    performance.measure("mari graph: open", { start });
  }

  // Changes what is open by `change(folding)`, and shows everything.
  refold(change) {
    change(this.folding);
    this.sync();
    this.viewport.fit();
  }

  // Opens these boxes, counted from the whole, and closes all others.
  openOnly(boxes) {
    const { root, total } = this.model;
    const items = boxes.map((box) => box + root);
    this.folding.openOnly(items.filter((item) => item >= root && item < total));
    this.sync();
  }

  // For a large audience: all of the graph, open as far as type that is `large` times as large
  // lets it, with nothing but `lit` in color; null: everything is.
  stage(lit, large) {
    const { clientWidth, clientHeight } = this.element;
    this.lit = lit && new Set(lit);
    this.folding.closeAll();
    this.folding.openFirst(clientWidth / large, clientHeight / large);
    this.viewport.largest = LARGEST_STAGED;
    this.sync();
    this.viewport.fit();
  }

  unstage() {
    this.lit = null;
    this.viewport.largest = LARGEST_FIT;
  }

  // Which boxes are open, whether shapes are shown, and where the view is: to come back to.
  get standing() {
    const { open, plumbing } = this.folding;
    return { open, plumbing, view: this.viewport.view };
  }

  set standing({ open, plumbing, view }) {
    this.folding.openOnly(open, plumbing);
    this.sync();
    this.viewport.view = view;
  }

  // Shows the items at a readable size if they fit so, opening boxes where needed.
  reveal(items) {
    if (this.folding.reveal(items)) {
      this.sync();
      this.#listener.folded();
    }
    this.viewport.turnTo(items);
  }

  // A point of an item's border, relative to the pane; `below` is in heights from its center.
  spot(item, below) {
    const { x, y, height } = this.folding.place[this.folding.shown(item)];
    return this.#network.canvasToDOM({ x, y: y + below * height });
  }

  destroy() {
    this.viewport.destroy();
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
}
