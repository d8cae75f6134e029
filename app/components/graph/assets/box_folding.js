// Which boxes are open, and so which items are visible and where: stacks the rows that Python laid
// out, and joins what is visible by wires.

import { routeWires } from "./wire_routing.js";

export const HEADER = 34; // of an open box
const NODE_HEIGHT = 42;
const BOX_HEIGHT = 56;
const ROW_GAP = 38;
const COLUMN_GAP = 24;
const PADDING = 22;
const READABLE = 0.72;
const FIRST_TRIES = 12;

export class BoxFolding {
  #model;
  #open;

  constructor(model) {
    this.#model = model;
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
    const boxesIn = (box) => model.inside(box).filter((item) => model.isBox(item));
    const constant = (box) => model.under(box).every((item) => model.side(item) === "K");
    const queue = boxesIn(model.root);
    for (let tries = 0; queue.length && tries < FIRST_TRIES; tries += 1) {
      queue.sort((a, b) => model.inside(b).length - model.inside(a).length);
      const box = queue.pop();
      if (constant(box)) continue;
      this.toggle(box);
      if (Math.min(width / this.bounds.width, height / this.bounds.height) >= READABLE) {
        queue.push(...boxesIn(box));
      } else {
        this.toggle(box);
      }
    }
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

  openOnly(boxes) {
    this.#open = new Set([this.#model.root, ...boxes]);
    this.#arrange();
  }

  toggle(box) {
    if (box === this.#model.root) return;
    if (!this.#open.delete(box)) this.#open.add(box);
    this.#arrange();
  }

  // Opens every box around the items; returns whether one was closed.
  reveal(items) {
    const before = this.#open.size;
    for (const item of items) {
      for (const box of this.#around(item)) this.#open.add(box);
    }
    const opened = this.#open.size > before;
    if (opened) this.#arrange();
    return opened;
  }

  // The visible item that stands for this one: itself, or the outermost closed box around it.
  shown(item) {
    let found = item;
    for (const box of this.#around(item)) {
      if (!this.#open.has(box)) found = box;
    }
    return found;
  }

  // The nearest item along a wire: `direction` is "after" or "before".
  neighbor(item, direction) {
    const [near, far] = direction === "after" ? ["tail", "head"] : ["head", "tail"];
    const away = (other) => Math.abs(this.place[other].x - this.place[item].x);
    const ends = this.wires.filter((wire) => wire[near] === item).map((wire) => wire[far]);
    return ends.sort((a, b) => away(a) - away(b))[0];
  }

  // The item `by` places to the right at the same height.
  besides(item, by) {
    const { place } = this;
    const row = this.visible
      .filter((other) => Math.abs(place[other].y - place[item].y) < 5)
      .sort((a, b) => place[a].x - place[b].x);
    return row[row.indexOf(item) + by];
  }

  *#around(item) {
    const { parent } = this.#model;
    for (let box = parent[item]; box >= 0; box = parent[box]) yield box;
  }

  #isFrame(item) {
    return this.#model.isBox(item) && this.#open.has(item);
  }

  #arrange() {
    const { root, total } = this.#model;
    this.place = new Array(total);
    this.visible = [];
    this.frames = [];
    const whole = this.#measure(root);
    const bends = new Map();
    this.#put(root, whole, { center: 0, top: 0 }, bends);
    this.bounds = { left: -whole.width / 2, top: 0, width: whole.width, height: whole.height };
    this.wires = routeWires(this.#model, this, bends);
  }

  // Sizes from the inside out: rows with an open box make room, all others stay as they were.
  #measure(box) {
    const inner = new Map();
    const lines = [];
    let height = 0;
    let left = 0;
    let right = 0;
    for (const entries of this.#model.rowsOf(box)) {
      const sizes = entries.map((entry) => this.#measureEntry(entry, inner));
      const wanted = entries.map((entry) => entry.base);
      const grown = entries.some(({ item }) => inner.has(item));
      const centers = grown ? spread(wanted, sizes) : wanted;
      for (const [at, { width }] of sizes.entries()) {
        left = Math.min(left, centers[at] - width / 2);
        right = Math.max(right, centers[at] + width / 2);
      }
      const tallest = Math.max(0, ...sizes.map((size) => size.height));
      lines.push({ sizes, centers, top: height, height: tallest });
      height += tallest + ROW_GAP;
    }
    height = Math.max(0, height - ROW_GAP);
    const size = { lines, inner, shift: (left + right) / 2, width: right - left, height };
    if (box === this.#model.root) return size;
    return { ...size, width: size.width + 2 * PADDING, height: height + HEADER + PADDING };
  }

  #measureEntry({ item, width }, inner) {
    if (item < 0) return { width, height: 0 };
    if (!this.#isFrame(item)) {
      return { width, height: this.#model.isBox(item) ? BOX_HEIGHT : NODE_HEIGHT };
    }
    const size = this.#measure(item);
    inner.set(item, size);
    return size;
  }

  // Places from the outside in.
  #put(box, size, { center, top }, bends) {
    const start = top + (box === this.#model.root ? 0 : HEADER);
    for (const [at, entries] of this.#model.rowsOf(box).entries()) {
      const line = size.lines[at];
      const upper = start + line.top;
      for (const [index, entry] of entries.entries()) {
        const x = center + line.centers[index] - size.shift;
        const place = { x, y: upper + line.height / 2, ...line.sizes[index] };
        if (entry.item < 0) bends.set(entry, { x, top: upper, bottom: upper + line.height });
        else this.#putItem(entry.item, place, size.inner, bends);
      }
    }
  }

  #putItem(item, { x, y, width, height }, inner, bends) {
    this.place[item] = { x, y, width, height };
    if (!this.#isFrame(item)) {
      this.visible.push(item);
      return;
    }
    this.frames.push(item);
    this.#put(item, inner.get(item), { center: x, top: y - height / 2 }, bends);
  }
}

// Centers in order and apart, least squares from the wanted ones (isotonic regression).
export function spread(wanted, sizes) {
  const offsets = [0];
  for (let at = 1; at < sizes.length; at += 1) {
    const apart = (sizes[at - 1].width + sizes[at].width) / 2 + COLUMN_GAP;
    offsets.push(offsets[at - 1] + apart);
  }
  const pools = [];
  for (const [at, want] of wanted.entries()) {
    let pool = { mean: want - offsets[at], weight: 1 };
    while (pools.length && pools.at(-1).mean > pool.mean) {
      const other = pools.pop();
      const weight = pool.weight + other.weight;
      pool = { mean: (pool.mean * pool.weight + other.mean * other.weight) / weight, weight };
    }
    pools.push(pool);
  }
  const means = pools.flatMap(({ mean, weight }) => new Array(weight).fill(mean));
  return means.map((mean, at) => mean + offsets[at]);
}
