// The graph of one pane, decoded from columns. Items are vertices first, then boxes; the first box
// is the whole graph.

export class GraphModel {
  constructor(data) {
    this.data = data;
    this.count = data.names.length;
    this.root = this.count;
    this.parent = data.parent.map((box) => (box < 0 ? -1 : box + this.count));
    this.total = this.parent.length;
    this.children = this.#listChildren();
    this.depth = this.#measureDepth();
    this.#readEdges();
    this.#countMembers();
    this.plumbing = this.#findPlumbing();
    this.decision = new Map(data.decisions); // the decision of a vertex
    this.details = new Map(); // by vertex, as Python answers
  }

  isBox(item) {
    return item >= this.count;
  }

  isNode(item) {
    return !this.isBox(item) && this.data.kinds[item] === "n";
  }

  // The vertices in a box, or the vertex itself.
  under(item) {
    return this.isBox(item) ? this.members[item - this.count] : [item];
  }

  // The items directly in a box.
  inside(box) {
    return this.children[box - this.count];
  }

  // What only shapes and constants hold: it is no flow of data, and hidden until asked for.
  isPlumbing(item) {
    return this.plumbing[item] === 1;
  }

  name(item) {
    return this.isBox(item) ? this.data.boxes[item - this.count] : this.data.names[item];
  }

  label(item) {
    return this.isBox(item) ? this.name(item) : this.data.labels[item];
  }

  op(item) {
    return this.data.ops.texts[this.data.ops.codes[item]];
  }

  // Elements of the weights that an item holds, each weight counted once.
  weights(item) {
    return this.under(item).reduce((sum, member) => sum + this.data.weights[member], 0);
  }

  // The shape of a node's largest weight; "" where it has none.
  weightShape(item) {
    const { texts, codes } = this.data.weightShapes;
    return texts[codes[item]];
  }

  // A node is called by its operator, then by its name; an input or an output the other way.
  titles(item) {
    const titles = [this.op(item), this.name(item)];
    return this.isNode(item) ? titles : titles.reverse();
  }

  side(item) {
    return this.data.sides[item];
  }

  change(item) {
    return this.data.changes[item] || "";
  }

  // What of a box stays the same from one document to the next: the names around it.
  path(box) {
    const parts = [];
    for (let at = box; at !== this.root; at = this.parent[at]) parts.unshift(this.name(at));
    return parts.join("\u0000");
  }

  ofKind(kind) {
    const found = [];
    for (let item = 0; item < this.count; item += 1) {
      if (this.data.kinds[item] === kind) found.push(item);
    }
    return found;
  }

  // All vertices that are reached from `start` along `next`: this.after or this.before.
  reach(start, next) {
    const found = new Set(start);
    const frontier = [...start];
    while (frontier.length) {
      for (const other of next[frontier.pop()]) {
        if (!found.has(other)) {
          found.add(other);
          frontier.push(other);
        }
      }
    }
    return found;
  }

  // All vertices on a path between the two, in either direction; none where there is no path.
  between(one, other) {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ]) {
      const down = this.reach([from], this.after);
      if (down.has(to)) {
        const up = this.reach([to], this.before);
        return new Set([...down].filter((item) => up.has(item)));
      }
    }
    return new Set();
  }

  // All vertices at most `hops` edges away.
  near(start, hops) {
    const found = new Set([start]);
    let rim = [start];
    for (let hop = 0; hop < hops; hop += 1) {
      rim = rim
        .flatMap((item) => [...this.before[item], ...this.after[item]])
        .filter((item) => !found.has(item));
      for (const item of rim) found.add(item);
    }
    return found;
  }

  // Vertices whose name, operator or tensors hold the text: whole words first, constants last.
  search(text) {
    const wanted = text.toLowerCase();
    const found = [];
    if (!wanted) return found;
    for (let item = 0; item < this.count; item += 1) {
      const words = [this.data.names[item], this.op(item)].map((word) => word.toLowerCase());
      const texts = [...words, this.data.tensors[item].toLowerCase()];
      if (!texts.some((word) => word.includes(wanted))) continue;
      const rank = (words.includes(wanted) ? 0 : 1) + (this.side(item) === "K" ? 2 : 0);
      found.push({ item, rank });
    }
    return found.sort((a, b) => a.rank - b.rank).map(({ item }) => item);
  }

  #listChildren() {
    const children = Array.from({ length: this.total - this.count }, () => []);
    for (const [item, box] of this.parent.entries()) {
      if (box >= 0) children[box - this.count].push(item);
    }
    return children;
  }

  // Boxes come after the boxes around them, so one pass is enough.
  #measureDepth() {
    const depth = new Int32Array(this.total);
    for (let box = this.count + 1; box < this.total; box += 1) {
      depth[box] = depth[this.parent[box]] + 1;
    }
    for (let item = 0; item < this.count; item += 1) depth[item] = depth[this.parent[item]] + 1;
    return depth;
  }

  #readEdges() {
    const { ends, sides, shapes } = this.data.edges;
    this.edges = [];
    this.before = Array.from({ length: this.count }, () => []);
    this.after = Array.from({ length: this.count }, () => []);
    for (let at = 0; at < sides.length; at += 1) {
      const tail = ends[2 * at];
      const head = ends[2 * at + 1];
      this.edges.push({ tail, head, side: sides[at], shape: shapes.texts[shapes.codes[at]] });
      this.after[tail].push(head);
      this.before[head].push(tail);
    }
  }

  #findPlumbing() {
    const found = new Uint8Array(this.total);
    const constant = (item) => this.side(item) === "K" && this.data.kinds[item] !== "o";
    for (let item = this.count + 1; item < this.total; item += 1) {
      found[item] = this.under(item).every(constant) ? 1 : 0;
    }
    for (let item = 0; item < this.count; item += 1) found[item] = constant(item) ? 1 : 0;
    return found;
  }

  #countMembers() {
    this.members = this.children.map(() => []);
    for (let item = 0; item < this.count; item += 1) {
      for (let box = this.parent[item]; box >= 0; box = this.parent[box]) {
        this.members[box - this.count].push(item);
      }
    }
  }
}
