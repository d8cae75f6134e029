// Where the view of a pane is: moved by hand, or to what is to be seen.

import { FONT } from "./item_sizes.js";
import { boundsOf, centerOf } from "./rectangles.js";

const LEAST_READABLE = 0.4;
export const LARGEST_FIT = 1.1;
const SMALLEST_FIT = 0.02;
const LEAST_FIRST = 14 / FONT; // of a first view: its texts are of 14 pixels
const WISHED = 0.75;
const MARGIN = 20;

export class Viewport {
  largest = LARGEST_FIT; // scale of a picture that would have room for more
  #element;
  #network;
  #folding;
  #steered;
  #fitting = null; // what brought the view about, as long as nothing else has moved it
  #last = null; // the view as it was drawn

  // `steered(change)` is called when a hand has moved the view.
  constructor(element, network, folding, steered) {
    this.#element = element;
    this.#network = network;
    this.#folding = folding;
    this.#steered = steered;
    network.on("afterDrawing", () => {
      this.#last = this.view;
    });
    network.on("zoom", () => this.#moved());
    // vis-network moves the view once it has told of it, and changes the scale once it has told of
    // a new size
    network.on("dragging", () => queueMicrotask(() => this.#moved()));
    network.on("resize", () => queueMicrotask(() => this.#fitting?.()));
  }

  get view() {
    return { ...this.#network.getViewPosition(), scale: this.#network.getScale() };
  }

  set view({ x, y, scale }) {
    this.#fitting = null;
    this.#network.moveTo({ position: { x, y }, scale, animation: false });
  }

  fit(items = null) {
    this.#fitting = items ? null : () => this.fit();
    const box = items ? this.#around(items) : this.#folding.bounds;
    const scale = Math.max(this.#scaleFor(box), SMALLEST_FIT);
    this.#network.moveTo({ position: centerOf(box), scale, animation: false });
  }

  // Everything where it can be read so, else as much of it as can, from where it begins.
  fitReadable() {
    this.#fitting = () => this.fitReadable();
    const { bounds } = this.#folding;
    const scale = Math.max(this.#scaleFor(bounds), LEAST_FIRST);
    const { clientWidth, clientHeight } = this.#element;
    const width = Math.min(bounds.width, (clientWidth - MARGIN) / scale);
    const height = Math.min(bounds.height, (clientHeight - MARGIN) / scale);
    const position = centerOf({ ...bounds, width, height });
    this.#network.moveTo({ position, scale, animation: false });
  }

  // Brings what stands for the items into view; closed boxes stay closed.
  turnTo(items) {
    const shown = items.filter((item) => this.#folding.shown(item) >= 0);
    if (!shown.length) return;
    const box = this.#around(shown);
    const wished = Math.max(this.#network.getScale(), WISHED);
    this.#fitting = null;
    this.#network.moveTo({
      position: centerOf(box),
      scale: Math.min(wished, Math.max(this.#scaleFor(box), LEAST_READABLE)),
      animation: { duration: 250, easingFunction: "easeInOutQuad" },
    });
  }

  // Moves the view so that what was clicked stays under the pointer.
  keepInPlace(before, after) {
    const { x, y } = this.#network.getViewPosition();
    const rise = after.y - after.height / 2 - (before.y - before.height / 2);
    const position = { x: x + after.x - before.x, y: y + rise };
    this.#network.moveTo({ position, animation: false });
  }

  // -- by hand

  // Moves the view so that this place is in its middle.
  centerOn({ x, y }) {
    this.view = { x, y, scale: this.#network.getScale() };
    this.#moved();
  }

  zoom(factor) {
    const { x, y, scale } = this.view;
    this.view = { x, y, scale: scale * factor };
    this.#moved();
  }

  // Moves as another pane was moved: by as many pixels, and as many times larger.
  follow({ x, y, factor }) {
    const { view } = this;
    this.view = {
      x: view.x + x / view.scale,
      y: view.y + y / view.scale,
      scale: view.scale * factor,
    };
    this.#last = this.view;
  }

  destroy() {
    this.#fitting = null;
  }

  #moved() {
    this.#fitting = null;
    const { view } = this;
    const before = this.#last || view;
    this.#last = view;
    this.#steered({
      x: (view.x - before.x) * before.scale,
      y: (view.y - before.y) * before.scale,
      factor: view.scale / before.scale,
    });
  }

  #around(items) {
    const { place } = this.#folding;
    return boundsOf(items.map((item) => place[this.#folding.shown(item)]));
  }

  // The largest scale at which the rectangle is in view.
  #scaleFor({ width, height }) {
    const { clientWidth, clientHeight } = this.#element;
    const across = (clientWidth - MARGIN) / (width + 1);
    return Math.min(this.largest, across, (clientHeight - MARGIN) / (height + 1));
  }
}
