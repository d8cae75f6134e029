// One graph on one canvas: vis-network for the view and the pointer, drawing.js for the looks.

const LEAST_READABLE = 0.4;

class Pane {
  // `studio` hears select(pane, item), moved() and answers look-ups of theme, overlay, filters.
  constructor(element, model, studio) {
    this.element = element;
    this.model = model;
    this.studio = studio;
    this.folding = new Folding(model);
    this.selected = -1;
    this.linked = new Set();
    this.lit = null;
    this.away = false;
    this.looks = new Map();
    this.paths = new Map();
    this.strong = [];
    this.nodes = new vis.DataSet([]);
    this.network = new vis.Network(element, { nodes: this.nodes, edges: new vis.DataSet([]) }, {
      autoResize: true,
      physics: false,
      layout: { improvedLayout: false },
      nodes: { shape: "custom", fixed: true, ctxRenderer: (state) => this.renderer(state) },
      interaction: { dragNodes: false, hover: true, keyboard: false, tooltipDelay: 450, zoomSpeed: 0.7 },
    });
    this.map = new MiniMap(element, this);
    this.listen();
  }

  listen() {
    const { network } = this;
    network.on("beforeDrawing", (ctx) => this.drawBelow(ctx));
    network.on("afterDrawing", () => {
      this.map.draw();
      this.studio.moved();
    });
    network.on("click", (event) => this.clicked(event));
    network.on("doubleClick", (event) => {
      const item = this.itemAt(event);
      if (item >= 0 && this.model.isBox(item)) this.toggle(item);
    });
    network.on("hoverNode", () => { this.element.style.cursor = "pointer"; });
    network.on("blurNode", () => { this.element.style.cursor = ""; });
  }

  itemAt({ nodes, pointer }) {
    return nodes.length ? nodes[0] : this.frameAt(pointer.canvas);
  }

  // The innermost open box whose header lies under the pointer.
  frameAt({ x, y }) {
    for (const box of [...this.folding.frames].reverse()) {
      const place = this.folding.place[box];
      const top = place.y - place.height / 2;
      if (Math.abs(x - place.x) < place.width / 2 && y > top && y < top + HEADER) return box;
    }
    return -1;
  }

  clicked(event) {
    const item = this.itemAt(event);
    this.studio.focus(this);
    if (item >= 0 && this.model.isBox(item)) {
      const place = this.folding.place[item];
      if (event.pointer.canvas.x < place.x - place.width / 2 + 34) {
        this.toggle(item);
        return;
      }
    }
    const { start } = this.studio;
    const chosen = start?.pane === this ? start.item : -1;
    const other = event.event.srcEvent.shiftKey ? this.selected : chosen;
    this.studio.select(this, item);
    if (item >= 0 && other >= 0) this.studio.tracePath(this, other, item);
  }

  // Brings the nodes of vis-network in line with what is visible.
  sync() {
    const { folding } = this;
    this.prepare();
    const wanted = new Set(folding.visible);
    this.nodes.remove(this.nodes.getIds().filter((id) => !wanted.has(id)));
    this.nodes.update(folding.visible.map((item) => ({
      id: item, x: folding.place[item].x, y: folding.place[item].y, title: this.tip(item),
    })));
    this.network.redraw();
    this.tellSizes();
  }

  // For assistive technology and tests: a canvas has no contents to read.
  tellSizes() {
    const { visible, frames } = this.folding;
    const boxes = visible.filter((item) => this.model.isBox(item)).length;
    this.element.setAttribute("role", "img");
    this.element.setAttribute("aria-label",
      `${visible.length - boxes} nodes, ${boxes} closed boxes, ${frames.length} open boxes`);
  }

  // Colors or filters have changed.
  restyle() {
    this.prepare();
    this.network.redraw();
  }

  // Only the selection has changed.
  reselect() {
    this.findStrong();
    this.network.redraw();
  }

  // Precomputes looks and wires; every frame then only strokes ready paths.
  prepare() {
    const { studio, folding } = this;
    this.looks = new Map();
    for (const item of [...folding.visible, ...folding.frames]) {
      this.looks.set(item, studio.look(this, item));
    }
    this.paths = new Map();
    for (const wire of folding.wires) {
      const dim = this.looks.get(wire.tail).dim || this.looks.get(wire.head).dim;
      const key = `${wire.side}${dim ? "-" : wire.count > 1 ? "2" : "1"}`;
      if (!this.paths.has(key)) {
        this.paths.set(key, { lines: new Path2D(), arrows: new Path2D(), side: wire.side, dim,
          width: wire.count > 1 ? 3 : 1.6 });
      }
      const path = this.paths.get(key);
      addWire(path.lines, wire.points);
      addArrow(path.arrows, wire.points);
    }
    this.findStrong();
  }

  // The wires that lead into or out of what is selected.
  findStrong() {
    this.linkedShown = new Set([...this.linked].map((item) => this.folding.shown(item)));
    this.strong = [];
    if (this.selected < 0) return;
    const focus = new Set(this.model.under(this.selected));
    this.strong = this.folding.wires.filter((wire) =>
      wire.edges.some(({ tail, head }) => focus.has(tail) !== focus.has(head)));
  }

  // What an item looks like now: its look, and whether it is selected or linked.
  lookNow(item, hover = false) {
    return { ...this.looks.get(item), hover, linked: this.linkedShown.has(item),
      selected: this.selected === item };
  }

  drawBelow(ctx) {
    const { theme } = this.studio;
    const scale = this.network.getScale();
    if (!this.looks.size) return; // vis-network draws once before it is given anything
    for (const box of this.folding.frames) {
      drawFrame(ctx, theme, this.folding.place[box], this.lookNow(box), scale);
    }
    for (const { lines, arrows, side, dim, width } of this.paths.values()) {
      ctx.globalAlpha = dim ? 0.08 : 0.75;
      ctx.strokeStyle = ctx.fillStyle = theme.mark("side", side).color;
      ctx.lineWidth = Math.max(width, 0.6 / scale);
      ctx.stroke(lines);
      if (scale > 0.3) ctx.fill(arrows);
    }
    ctx.globalAlpha = 1;
    for (const wire of this.strong) {
      const path = new Path2D();
      addWire(path, wire.points);
      ctx.strokeStyle = theme.text;
      ctx.lineWidth = Math.max(3, 1.5 / scale);
      ctx.stroke(path);
      const arrow = new Path2D();
      addArrow(arrow, wire.points);
      ctx.fillStyle = theme.text;
      ctx.fill(arrow);
    }
    for (const box of this.folding.frames) {
      drawFrameTitle(ctx, theme, this.folding.place[box], this.looks.get(box), scale);
    }
  }

  renderer({ ctx, id, state }) {
    const place = this.folding.place[id];
    const draw = this.model.isBox(id) ? drawBox : drawNode;
    return {
      drawNode: () => draw(ctx, this.studio.theme, place, this.lookNow(id, state.hover),
        this.network.getScale()),
      nodeDimensions: { width: place.width, height: place.height },
    };
  }

  tip(item) {
    const { model } = this;
    if (model.isBox(item)) {
      return `${model.name(item)}\n${model.under(item).length.toLocaleString("en")} nodes\nDouble click opens it`;
    }
    const side = this.studio.theme.mark("side", model.side(item)).name;
    return [model.op(item), model.name(item), side].filter(Boolean).join("\n");
  }

  toggle(box) {
    const start = performance.now();
    const before = this.folding.place[box];
    this.folding.toggle(box);
    this.keep(before, this.folding.place[box]);
    this.sync();
    this.studio.changed();
    performance.measure("mari graph: open", { start });
  }

  // Opens these boxes, counted from the whole, and closes all others.
  openOnly(boxes) {
    const { root, parent } = this.model;
    const known = boxes.map((box) => box + root).filter((box) => box >= root && box < parent.length);
    this.folding.open = new Set([root, ...known]);
    this.folding.arrange();
    this.sync();
  }

  // Moves the view so that what was clicked stays under the pointer.
  keep(before, after) {
    const view = this.network.getViewPosition();
    const rise = after.y - after.height / 2 - (before.y - before.height / 2);
    this.network.moveTo({ position: { x: view.x + after.x - before.x, y: view.y + rise }, animation: false });
  }

  fit(items = null) {
    const box = items ? this.around(items) : this.folding.bounds;
    this.network.moveTo({ position: { x: box.left + box.width / 2, y: box.top + box.height / 2 },
      scale: Math.max(this.scaleFor(box), 0.02), animation: false });
  }

  // The smallest rectangle around what stands for the items.
  around(items) {
    const places = items.map((item) => this.folding.place[this.folding.shown(item)]);
    const left = Math.min(...places.map((p) => p.x - p.width / 2));
    const top = Math.min(...places.map((p) => p.y - p.height / 2));
    const right = Math.max(...places.map((p) => p.x + p.width / 2));
    const bottom = Math.max(...places.map((p) => p.y + p.height / 2));
    return { left, top, width: right - left, height: bottom - top };
  }

  // The largest scale at which the rectangle is in view.
  scaleFor({ width, height }) {
    const { clientWidth, clientHeight } = this.element;
    return Math.min(1.1, (clientWidth - 50) / (width + 1), (clientHeight - 50) / (height + 1));
  }

  // Shows the items at a readable size if they fit so, opening boxes where needed.
  reveal(items) {
    if (this.folding.reveal(items)) this.sync();
    this.turnTo(items);
  }

  // Brings what stands for the items into view; closed boxes stay closed.
  turnTo(items) {
    const box = this.around(items);
    const wished = Math.max(this.network.getScale(), 0.75);
    this.network.moveTo({ position: { x: box.left + box.width / 2, y: box.top + box.height / 2 },
      scale: Math.min(wished, Math.max(this.scaleFor(box), LEAST_READABLE)),
      animation: { duration: 250, easingFunction: "easeInOutQuad" } });
  }

  // Where an item is on the page, relative to the pane.
  spot(item, aside) {
    const { x, y, width } = this.folding.place[this.folding.shown(item)];
    return this.network.canvasToDOM({ x: x + aside * width, y });
  }

  zoom(factor) {
    this.network.moveTo({ scale: this.network.getScale() * factor, animation: false });
  }

  destroy() {
    this.network.destroy();
  }
}
