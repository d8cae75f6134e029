// What one pane strokes in every frame: looks and wires, computed once until something changes.

import {
  addArrow,
  addWire,
  drawBox,
  drawFrame,
  drawFrameTitle,
  drawLanes,
  drawNode,
  drawWireLabel,
} from "./canvas_shapes.js";

const SMALLEST_ARROW = 0.3;

export class PaneDrawing {
  looks = new Map(); // by visible item or open box
  linkedShown = new Set(); // what stands for the items linked to the selection
  #model;
  #folding;
  #styles;
  #paths = [];
  #strong = []; // wires into or out of the selection
  #selected = -1;

  constructor(model, folding, styles) {
    this.#model = model;
    this.#folding = folding;
    this.#styles = styles;
  }

  // Colors, filters or what is visible have changed.
  prepare(lit) {
    const { visible, frames, wires } = this.#folding;
    const look = (item) => this.#styles.look(this.#model, item, lit);
    this.looks = new Map([...visible, ...frames].map((item) => [item, look(item)]));
    const paths = new Map();
    for (const wire of wires) {
      const dim = this.isDim(wire);
      const key = `${wire.side}${dim} ${!dim && wire.count > 1}`;
      if (!paths.has(key)) {
        const width = wire.count > 1 ? 3 : 2;
        paths.set(key, { lines: new Path2D(), arrows: new Path2D(), side: wire.side, dim, width });
      }
      const { lines, arrows } = paths.get(key);
      addWire(lines, wire.points);
      addArrow(arrows, wire.points);
    }
    this.#paths = [...paths.values()];
  }

  // The selection, or what it is linked to in the other pane, has changed.
  emphasize(selected, linked) {
    this.#selected = selected;
    this.linkedShown = new Set([...linked].map((item) => this.#folding.shown(item)));
    const focus = new Set(selected < 0 ? [] : this.#model.under(selected));
    this.#strong = this.#folding.wires.filter((wire) =>
      wire.edges.some(({ tail, head }) => focus.has(tail) !== focus.has(head)),
    );
  }

  isDim(wire) {
    return this.looks.get(wire.tail).dim || this.looks.get(wire.head).dim;
  }

  // Everything below the nodes and closed boxes: open boxes and wires.
  drawBelow(ctx, scale) {
    if (!this.looks.size) return; // the canvas is drawn once before anything is prepared
    const pen = { ctx, theme: this.#styles.theme, scale };
    const { frames, place, lanes, bounds } = this.#folding;
    drawLanes(pen, lanes, bounds);
    for (const box of frames) drawFrame(pen, place[box], this.#lookNow(box));
    this.#drawWires(pen);
    this.#drawStrong(pen);
    for (const wire of this.#folding.wires) {
      if (wire.labelAt && !this.isDim(wire)) drawWireLabel(pen, wire);
    }
    for (const box of frames) drawFrameTitle(pen, place[box], this.looks.get(box));
  }

  drawItem(ctx, scale, item, hover) {
    const pen = { ctx, theme: this.#styles.theme, scale };
    const draw = this.#model.isBox(item) ? drawBox : drawNode;
    draw(pen, this.#folding.place[item], this.#lookNow(item, hover));
  }

  #lookNow(item, hover = false) {
    const linked = this.linkedShown.has(item);
    return { ...this.looks.get(item), hover, linked, selected: this.#selected === item };
  }

  #drawWires({ ctx, theme, scale }) {
    for (const { lines, arrows, side, dim, width } of this.#paths) {
      const color = theme.wire(side);
      ctx.globalAlpha = dim ? theme.dimmed : 1;
      ctx.strokeStyle = color;
      ctx.fillStyle = color;
      ctx.lineWidth = Math.max(width, 0.6 / scale);
      ctx.stroke(lines);
      if (scale > SMALLEST_ARROW) ctx.fill(arrows);
    }
    ctx.globalAlpha = 1;
  }

  #drawStrong({ ctx, theme, scale }) {
    ctx.strokeStyle = theme.text;
    ctx.fillStyle = theme.text;
    ctx.lineWidth = Math.max(3, 1.5 / scale);
    for (const { points } of this.#strong) {
      const line = new Path2D();
      const arrow = new Path2D();
      addWire(line, points);
      addArrow(arrow, points);
      ctx.stroke(line);
      ctx.fill(arrow);
    }
  }
}
