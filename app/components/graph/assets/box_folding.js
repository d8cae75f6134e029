// What is open, and so what is visible and where: stacks the rows that Python laid out.

const NODE_HEIGHT = 42;
const BOX_HEIGHT = 56;
const ROW_GAP = 38;
const COLUMN_GAP = 24;
const PADDING = 22;
const HEADER = 34;
const READABLE = 0.72;
const FIRST_TRIES = 12;

class Folding {
  constructor(model) {
    this.model = model;
    this.open = new Set([model.root]);
    this.arrange();
  }

  // Opens the smallest boxes first, as long as everything stays readable in this room.
  openFirst(width, height) {
    const { model } = this;
    const inside = (box) => model.children[box - model.count];
    const boxesIn = (box) => inside(box).filter((item) => model.isBox(item));
    const constant = (box) => model.under(box).every((item) => model.side(item) === "K");
    const queue = boxesIn(model.root);
    for (let tries = 0; queue.length && tries < FIRST_TRIES; tries += 1) {
      queue.sort((a, b) => inside(b).length - inside(a).length);
      const box = queue.pop();
      if (constant(box)) continue;
      this.open.add(box);
      this.arrange();
      if (Math.min(width / this.bounds.width, height / this.bounds.height) >= READABLE) {
        queue.push(...boxesIn(box));
      } else {
        this.open.delete(box);
        this.arrange();
      }
    }
  }

  openAll(limit) {
    for (let box = this.model.root; box < this.model.parent.length; box += 1) {
      const visible = this.visible.length + this.model.children[box - this.model.count].length;
      if (limit && visible > limit) break;
      this.open.add(box);
    }
    this.arrange();
  }

  closeAll() {
    this.open = new Set([this.model.root]);
    this.arrange();
  }

  toggle(box) {
    if (box === this.model.root) return;
    if (this.open.has(box)) this.open.delete(box);
    else this.open.add(box);
    this.arrange();
  }

  // Opens every box around the items.
  reveal(items) {
    let opened = false;
    for (const item of items) {
      for (let box = this.model.parent[item]; box >= 0; box = this.model.parent[box]) {
        if (!this.open.has(box)) {
          this.open.add(box);
          opened = true;
        }
      }
    }
    if (opened) this.arrange();
    return opened;
  }

  // The visible item that stands for this one: itself, or the outermost closed box around it.
  shown(item) {
    let found = item;
    for (let box = this.model.parent[item]; box >= 0; box = this.model.parent[box]) {
      if (!this.open.has(box)) found = box;
    }
    return found;
  }

  isFrame(item) {
    return this.model.isBox(item) && this.open.has(item);
  }

  arrange() {
    const total = this.model.parent.length;
    this.place = new Array(total);
    this.bends = new Map();
    this.visible = [];
    this.frames = [];
    const whole = this.measure(this.model.root);
    this.settle(this.model.root, whole, 0, 0);
    this.bounds = { left: -whole.width / 2, top: 0, width: whole.width, height: whole.height };
    this.connect();
  }

  // Sizes from the inside out: rows with an open box make room, all others stay as they were.
  measure(box) {
    const inner = new Map();
    const rows = this.model.rows[box - this.model.count];
    let height = 0;
    let left = 0;
    let right = 0;
    const lines = rows.map((entries) => {
      const sizes = entries.map(({ item, width }) => {
        if (item < 0) return { width, height: 0 };
        if (!this.isFrame(item)) {
          return { width, height: this.model.isBox(item) ? BOX_HEIGHT : NODE_HEIGHT };
        }
        const size = this.measure(item);
        inner.set(item, size);
        return size;
      });
      const centers = entries.some(({ item }) => inner.has(item))
        ? spread(entries.map((entry) => entry.base), sizes)
        : entries.map((entry) => entry.base);
      for (const [at, { width }] of sizes.entries()) {
        left = Math.min(left, centers[at] - width / 2);
        right = Math.max(right, centers[at] + width / 2);
      }
      const line = { sizes, centers, top: height, height: Math.max(0, ...sizes.map((s) => s.height)) };
      height += line.height + ROW_GAP;
      return line;
    });
    height = Math.max(0, height - ROW_GAP);
    const whole = box === this.model.root;
    const shift = (left + right) / 2;
    return {
      lines, inner, shift,
      width: right - left + (whole ? 0 : 2 * PADDING),
      height: height + (whole ? 0 : HEADER + PADDING),
    };
  }

  // Places from the outside in.
  settle(box, size, center, top) {
    const start = top + (box === this.model.root ? 0 : HEADER);
    this.model.rows[box - this.model.count].forEach((entries, at) => {
      const line = size.lines[at];
      entries.forEach((entry, index) => {
        const x = center + line.centers[index] - size.shift;
        const { width, height } = line.sizes[index];
        const y = start + line.top + line.height / 2;
        if (entry.item < 0) {
          this.bends.set(entry, { x, top: start + line.top, bottom: start + line.top + line.height });
          return;
        }
        this.place[entry.item] = { x, y, width, height };
        if (this.isFrame(entry.item)) {
          this.frames.push(entry.item);
          this.settle(entry.item, size.inner.get(entry.item), x, y - height / 2);
        } else {
          this.visible.push(entry.item);
        }
      });
    });
  }

  // One wire for all edges between two visible items.
  connect() {
    const wires = new Map();
    const total = this.model.parent.length;
    const shown = new Int32Array(this.model.count);
    for (let item = 0; item < this.model.count; item += 1) shown[item] = this.shown(item);
    for (const edge of this.model.edges) {
      const tail = shown[edge.tail];
      const head = shown[edge.head];
      if (tail === head) continue;
      const key = tail * total + head;
      const wire = wires.get(key);
      if (wire) {
        wire.count += 1;
        wire.edges.push(edge);
        if (wire.side !== edge.side) wire.side = mixed(wire.side, edge.side);
      } else {
        wires.set(key, { tail, head, side: edge.side, count: 1, edges: [edge], edge });
      }
    }
    this.wires = [...wires.values()];
    this.spreadPorts();
    for (const wire of this.wires) wire.points = this.points(wire);
  }

  // Wires leave and arrive side by side, in the order in which the other ends lie.
  spreadPorts() {
    const out = new Map();
    const into = new Map();
    const add = (map, key, wire) => (map.has(key) ? map.get(key).push(wire) : map.set(key, [wire]));
    for (const wire of this.wires) {
      add(out, wire.tail, wire);
      add(into, wire.head, wire);
    }
    const assign = (map, other, port) => {
      for (const [item, wires] of map) {
        const { x, width } = this.place[item];
        wires.sort((a, b) => this.place[other(a)].x - this.place[other(b)].x);
        const step = Math.min(14, (width - 30) / wires.length);
        wires.forEach((wire, at) => {
          wire[port] = x + (at - (wires.length - 1) / 2) * step;
        });
      }
    };
    assign(out, (wire) => wire.head, "from");
    assign(into, (wire) => wire.tail, "to");
  }

  points(wire) {
    const tail = this.place[wire.tail];
    const head = this.place[wire.head];
    const points = [[wire.from, tail.y + tail.height / 2]];
    const upward = head.y < tail.y;
    for (const entry of this.model.route(wire.edge.from, wire.edge.to)) {
      const bend = this.bends.get(entry);
      if (!bend) continue;
      points.push([bend.x, upward ? bend.bottom : bend.top]);
      if (bend.bottom > bend.top) points.push([bend.x, upward ? bend.top : bend.bottom]);
    }
    points.push([wire.to, head.y - head.height / 2]);
    return points;
  }
}

// A wire for edges of several sides is candidate side as soon as one of them is.
function mixed(one, other) {
  return [..."CIRK?"].find((side) => side === one || side === other);
}

// Centers in order, apart, and least squares from the wanted ones (isotonic regression).
function spread(wanted, sizes) {
  const offsets = [0];
  for (let at = 1; at < sizes.length; at += 1) {
    offsets.push(offsets[at - 1] + (sizes[at - 1].width + sizes[at].width) / 2 + COLUMN_GAP);
  }
  const pools = [];
  wanted.forEach((want, at) => {
    let pool = { mean: want - offsets[at], weight: 1 };
    while (pools.length && pools[pools.length - 1].mean > pool.mean) {
      const other = pools.pop();
      const weight = pool.weight + other.weight;
      pool = { mean: (pool.mean * pool.weight + other.mean * other.weight) / weight, weight };
    }
    pools.push(pool);
  });
  const means = pools.flatMap(({ mean, weight }) => new Array(weight).fill(mean));
  return means.map((mean, at) => mean + offsets[at]);
}
