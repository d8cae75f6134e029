// The graph of one pane, decoded: items are vertices first, then boxes; box 0 is the whole.

class GraphModel {
  constructor(data) {
    this.data = data;
    this.count = data.names.length;
    this.boxes = data.boxes.length;
    this.root = this.count;
    this.parent = data.parent.map((box) => (box < 0 ? -1 : box + this.count));
    this.children = Array.from({ length: this.boxes }, () => []);
    this.parent.forEach((box, item) => {
      if (box >= 0) this.children[box - this.count].push(item);
    });
    this.depth = new Int32Array(this.parent.length);
    for (let item = this.count; item < this.parent.length; item += 1) {
      if (item !== this.root) this.depth[item] = this.depth[this.parent[item]] + 1;
    }
    for (let item = 0; item < this.count; item += 1) {
      this.depth[item] = this.depth[this.parent[item]] + 1;
    }
    this.readEdges();
    this.readRoutes();
    this.countMembers();
    this.decision = new Map(data.decisions);
    this.details = new Map(); // by vertex, as Python answers
  }

  readEdges() {
    const { ends, sides } = this.data.edges;
    this.edges = [];
    this.before = Array.from({ length: this.count }, () => []);
    this.after = Array.from({ length: this.count }, () => []);
    for (let at = 0; at < sides.length; at += 1) {
      const tail = ends[2 * at];
      const head = ends[2 * at + 1];
      const [from, to] = this.siblings(tail, head);
      this.edges.push({ tail, head, from, to, side: sides[at] });
      this.after[tail].push(head);
      this.before[head].push(tail);
    }
  }

  // The two items around the ends that lie in the innermost box around both.
  siblings(tail, head) {
    let from = tail;
    let to = head;
    while (this.depth[from] > this.depth[to]) from = this.parent[from];
    while (this.depth[to] > this.depth[from]) to = this.parent[to];
    while (this.parent[from] !== this.parent[to]) {
      from = this.parent[from];
      to = this.parent[to];
    }
    return [from, to];
  }

  // Rows of each box: its items, and the bends of the edges that pass.
  readRoutes() {
    const { row, x, width, routes } = this.data;
    this.rows = Array.from({ length: this.boxes }, () => []);
    const put = (box, at, entry) => {
      const rows = this.rows[box - this.count];
      while (rows.length <= at) rows.push([]);
      rows[at].push(entry);
    };
    this.children.forEach((items, box) => {
      for (const item of items) {
        put(box + this.count, row[item], { item, base: x[item], width: width[item] });
      }
    });
    this.routes = new Map();
    for (const [tail, head, ...bends] of routes) {
      const entries = [];
      for (let at = 0; at < bends.length; at += 2) {
        const entry = { item: -1, base: bends[at + 1], width: 16 };
        put(this.parent[tail], bends[at], entry);
        entries.push(entry);
      }
      this.routes.set(tail * this.parent.length + head, entries);
    }
    for (const rows of this.rows) {
      for (const entries of rows) entries.sort((a, b) => a.base - b.base);
    }
  }

  route(from, to) {
    return this.routes.get(from * this.parent.length + to) || [];
  }

  // Every vertex under each box; boxes come after their parents.
  countMembers() {
    this.members = Array.from({ length: this.boxes }, () => []);
    for (let item = 0; item < this.count; item += 1) {
      for (let box = this.parent[item]; box >= 0; box = this.parent[box]) {
        this.members[box - this.count].push(item);
      }
    }
  }

  isBox(item) {
    return item >= this.count;
  }

  under(item) {
    return this.isBox(item) ? this.members[item - this.count] : [item];
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

  side(item) {
    return this.data.sides[item];
  }

  change(item) {
    return this.data.changes[item] || "";
  }

  // All vertices that `start` reaches along `next` (this.after or this.before).
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

  // All vertices on a way between the two, in either direction; none where there is no way.
  between(one, other) {
    for (const [from, to] of [[one, other], [other, one]]) {
      const down = this.reach([from], this.after);
      if (down.has(to)) {
        const up = this.reach([to], this.before);
        return new Set([...down].filter((item) => up.has(item)));
      }
    }
    return new Set();
  }

  // All vertices at most this many steps away.
  near(start, hops) {
    const found = new Set([start]);
    let rim = [start];
    for (let hop = 0; hop < hops; hop += 1) {
      rim = rim.flatMap((item) => [...this.before[item], ...this.after[item]])
        .filter((item) => !found.has(item));
      rim.forEach((item) => found.add(item));
    }
    return found;
  }

  ofKind(kind) {
    const found = [];
    for (let item = 0; item < this.count; item += 1) {
      if (this.data.kinds[item] === kind) found.push(item);
    }
    return found;
  }

  // Vertices whose name, operator or tensors hold the text: whole words first, constants last.
  search(text) {
    const wanted = text.toLowerCase();
    const found = [];
    if (!wanted) return found;
    for (let item = 0; item < this.count; item += 1) {
      const name = this.data.names[item].toLowerCase();
      const op = this.op(item).toLowerCase();
      if (!name.includes(wanted) && !op.includes(wanted)
        && !this.data.tensors[item].toLowerCase().includes(wanted)) continue;
      const whole = name === wanted || op === wanted ? 0 : 1;
      found.push({ item, rank: whole + (this.side(item) === "K" ? 2 : 0) });
    }
    return found.sort((a, b) => a.rank - b.rank).map(({ item }) => item);
  }

  path(box) {
    const parts = [];
    for (let at = box; at !== this.root; at = this.parent[at]) parts.unshift(this.name(at));
    return parts.join("\u0000");
  }
}
