// Which boxes are open, and so which items are visible; where they stand is asked of a layout.

import { layOutFlow } from "./flow_layout.js";
import { mergeEdges } from "./wires.js";

const READABLE = 0.97; // of the size at which texts are drawn
const FIRST_TRIES = 4;

export class BoxFolding {
  #model;
  #engine;
  #open;
  #plumbing = false;

  // `engine` lays graphs out: an ElkEngine.
  constructor(model, engine) {
    this.#model = model;
    this.#engine = engine;
    this.closeAll();
  }

  get open() {
    return [...this.#open];
  }

  isOpen(box) {
    return this.#open.has(box);
  }

  // Opens the smallest boxes first, as long as everything stays readable in this room.
  openFirst(width, height) {
    const model = this.#model;
    const boxesIn = (box) => this.shownInside(box).filter((item) => model.isBox(item));
    const fits = () =>
      width >= READABLE * this.bounds.width && height >= READABLE * this.bounds.height;
    const queue = boxesIn(model.root);
    for (let tries = 0; queue.length && tries < FIRST_TRIES && fits(); tries += 1) {
      queue.sort((a, b) => model.inside(b).length - model.inside(a).length);
      const box = queue.pop();
      this.toggle(box);
      if (fits()) queue.push(...boxesIn(box));
      else {
        this.toggle(box);
        return;
      }
    }
  }

  // Whether shapes and constants are shown, too.
  get plumbing() {
    return this.#plumbing;
  }

  togglePlumbing() {
    this.#plumbing = !this.#plumbing;
    this.#arrange();
  }

  // What is shown of the items directly in a box.
  shownInside(box) {
    return this.#model
      .inside(box)
      .filter((item) => this.#plumbing || !this.#model.isPlumbing(item));
  }

  // Opens boxes from the outermost on, until about `limit` items are visible.
  openAll(limit) {
    const model = this.#model;
    for (let box = model.root; box < model.total; box += 1) {
      if (this.visible.length + model.inside(box).length > limit) break;
      this.#open.add(box);
    }
    this.#arrange();
  }

  closeAll() {
    this.openOnly([]);
  }

  // Opens these boxes and closes all others; `plumbing`: whether shapes and constants are shown.
  openOnly(boxes, plumbing = this.#plumbing) {
    this.#plumbing = plumbing;
    this.#open = new Set([this.#model.root, ...boxes]);
    this.#arrange();
  }

  toggle(box) {
    if (box === this.#model.root) return;
    if (!this.#open.delete(box)) this.#open.add(box);
    this.#arrange();
  }

  // Opens every box around the items, and shows what was hidden; returns whether that changed it.
  reveal(items) {
    const before = this.#open.size;
    for (const item of items) {
      for (const box of this.#around(item)) this.#open.add(box);
    }
    const hidden = !this.#plumbing && items.some((item) => this.#model.isPlumbing(item));
    if (hidden) this.#plumbing = true;
    const changed = hidden || this.#open.size > before;
    if (changed) this.#arrange();
    return changed;
  }

  // The visible item that stands for this one: itself, or the outermost closed box around it; -1
  // where it is hidden.
  shown(item) {
    let found = item;
    for (const box of this.#around(item)) {
      if (!this.#open.has(box)) found = box;
    }
    return !this.#plumbing && this.#model.isPlumbing(found) ? -1 : found;
  }

  // Where the flow begins.
  get leftmost() {
    const { place } = this;
    return [...this.visible].sort((a, b) => place[a].x - place[b].x)[0];
  }

  // The nearest item along a wire: `direction` is "after" or "before".
  neighbor(item, direction) {
    const [near, far] = direction === "after" ? ["tail", "head"] : ["head", "tail"];
    const away = (other) => Math.abs(this.place[other].y - this.place[item].y);
    const ends = this.wires.filter((wire) => wire[near] === item).map((wire) => wire[far]);
    return ends.sort((a, b) => away(a) - away(b))[0];
  }

  // The item `by` places further down in the same column.
  besides(item, by) {
    const { place } = this;
    const { x, width } = place[item];
    const column = this.visible
      .filter((other) => Math.abs(place[other].x - x) < (place[other].width + width) / 2)
      .sort((a, b) => place[a].y - place[b].y);
    return column[column.indexOf(item) + by];
  }

  isFrame(item) {
    return this.#model.isBox(item) && this.#open.has(item);
  }

  *#around(item) {
    const { parent } = this.#model;
    for (let box = parent[item]; box >= 0; box = parent[box]) yield box;
  }

  #arrange() {
    this.visible = [];
    this.frames = [];
    this.#list(this.#model.root);
    const wires = mergeEdges(this.#model, this);
    Object.assign(this, layOutFlow(this.#model, this, wires, this.#engine));
  }

  #list(box) {
    for (const item of this.shownInside(box)) {
      if (!this.isFrame(item)) {
        this.visible.push(item);
        continue;
      }
      this.frames.push(item);
      this.#list(item);
    }
  }
}
