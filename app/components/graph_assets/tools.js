// Toolbar, keys, and saving pictures.

const KEYS = [
  ["/", "search"], ["n  N", "next, previous match"], ["f", "fit everything"],
  ["Enter", "open or close the selected box"], ["e  c", "open, close the box around"],
  ["E  C", "open all, close all"], ["↑ ↓", "go to a predecessor, a successor"],
  ["← →", "go along the row"], ["[  ]", "previous, next decision"],
  ["+  −", "zoom"], ["i", "details on, off"], ["Esc", "clear selection and filters"], ["?", "this list"],
];

Object.assign(Studio.prototype, {
  bindTools() {
    const actions = this.actions();
    for (const button of this.root.querySelectorAll("[data-do]")) {
      button.addEventListener("click", () => actions[button.dataset.do]());
    }
    const search = this.find(".search");
    search.addEventListener("input", () => this.searchFor(search.value));
    search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.jump(event.shiftKey ? -1 : 1);
      if (event.key === "Escape") {
        event.preventDefault(); // the browser would empty the field, and the matches with it
        this.root.focus();
      }
      event.stopPropagation();
    });
    this.find(".overlay").addEventListener("change", (event) => {
      this.overlay = this.wished = event.target.value;
      this.hidden.clear();
      this.restyle();
      this.showLegend();
    });
    for (const [key, text] of KEYS) {
      this.find(".keys").append(element("dt", "", key), element("dd", "", text));
    }
  },

  actions() {
    return {
      next: () => this.jump(1),
      previous: () => this.jump(-1),
      stepOn: () => this.stepBy(1),
      stepBack: () => this.stepBy(-1),
      fit: () => this.panes.forEach((pane) => pane.fit()),
      expandAll: () => this.foldAll((folding) => folding.openAll(MANY)),
      collapseAll: () => this.foldAll((folding) => folding.closeAll()),
      savePicture: () => this.savePicture(),
      saveDrawing: () => this.saveDrawing(),
      fullScreen: () => this.fullScreen(),
      panel: () => this.find(".panel").classList.toggle("closed"),
      help: () => { this.find(".keys").hidden = !this.find(".keys").hidden; },
    };
  },

  foldAll(change) {
    for (const pane of this.panes) {
      change(pane.folding);
      pane.sync();
      pane.fit();
    }
  },

  bindKeys() {
    const actions = this.actions();
    const keys = {
      "/": () => this.find(".search").focus(), n: actions.next, N: actions.previous,
      f: actions.fit, E: actions.expandAll, C: actions.collapseAll, "?": actions.help, i: actions.panel,
      "[": actions.stepBack, "]": actions.stepOn, Escape: () => this.escape(),
      "+": () => this.active.zoom(1.25), "=": () => this.active.zoom(1.25),
      "-": () => this.active.zoom(0.8), Enter: () => this.fold("toggle"),
      e: () => this.fold("open"), c: () => this.fold("close"),
      ArrowDown: () => this.walk("after"), ArrowUp: () => this.walk("before"),
      ArrowLeft: () => this.slide(-1), ArrowRight: () => this.slide(1),
    };
    this.root.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (["INPUT", "SELECT"].includes(event.target.tagName)) return;
      if (event.target.tagName === "BUTTON" && event.key === "Enter") return;
      if (!keys[event.key]) return;
      keys[event.key]();
      event.preventDefault();
      event.stopPropagation();
    });
    this.find(".panes").addEventListener("pointerdown", () => this.root.focus({ preventScroll: true }));
  },

  escape() {
    this.find(".keys").hidden = true;
    this.clear();
  },

  // Opens the selected box, or closes the box around what is selected.
  fold(how) {
    const { pane, item } = this.selection || {};
    if (!pane) return;
    const isBox = pane.model.isBox(item);
    const open = isBox && pane.folding.open.has(item);
    if (isBox && (how === "toggle" || (how === "open") !== open)) {
      pane.toggle(item);
    } else if (how === "close" && pane.model.parent[item] > pane.model.root) {
      const around = pane.model.parent[item];
      this.select(pane, around);
      pane.toggle(around);
    }
    this.panel.show(pane, this.selection.item);
  },

  // Goes along a wire, to the nearest neighbor.
  walk(direction) {
    const { pane, item } = this.selection || { pane: this.active, item: -1 };
    if (item < 0) {
      this.select(pane, pane.folding.visible[0]);
      pane.reveal([pane.folding.visible[0]]);
      return;
    }
    const [near, far] = direction === "after" ? ["tail", "head"] : ["head", "tail"];
    const { place } = pane.folding;
    const next = pane.folding.wires.filter((wire) => wire[near] === item).map((wire) => wire[far])
      .sort((a, b) => Math.abs(place[a].x - place[item].x) - Math.abs(place[b].x - place[item].x));
    this.goTo(pane, next[0]);
  },

  slide(by) {
    const { pane, item } = this.selection || {};
    if (!pane) return;
    const { place, visible } = pane.folding;
    const row = visible.filter((other) => Math.abs(place[other].y - place[item].y) < 5)
      .sort((a, b) => place[a].x - place[b].x);
    this.goTo(pane, row[row.indexOf(item) + by]);
  },

  goTo(pane, item) {
    if (item === undefined) return;
    this.select(pane, item);
    pane.reveal([item]);
  },

  fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen();
  },

  savePicture() {
    this.panes.forEach((pane, at) => {
      const source = pane.element.querySelector("canvas");
      const canvas = document.createElement("canvas");
      canvas.width = source.width;
      canvas.height = source.height;
      const ctx = canvas.getContext("2d");
      ctx.fillStyle = this.theme.background;
      ctx.fillRect(0, 0, canvas.width, canvas.height);
      ctx.drawImage(source, 0, 0);
      canvas.toBlob((blob) => save(blob, `graph-${at + 1}.png`));
    });
  },

  saveDrawing() {
    this.panes.forEach((pane, at) => {
      save(new Blob([drawingOf(pane)], { type: "image/svg+xml" }), `graph-${at + 1}.svg`);
    });
  },
});

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// The pane as SVG: frames, wires, nodes and their texts, as they are visible now.
function drawingOf(pane) {
  const { folding, studio, looks } = pane;
  const { bounds } = folding;
  const space = "http://www.w3.org/2000/svg";
  const make = (name, attributes, parent, text = "") => {
    const made = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    parent.append(made);
    return made;
  };
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("xmlns", space);
  svg.setAttribute("viewBox", `${bounds.left - 30} ${bounds.top - 30} ${bounds.width + 60} ${bounds.height + 60}`);
  svg.setAttribute("font-family", "sans-serif");
  const { theme } = studio;
  make("rect", { x: bounds.left - 30, y: bounds.top - 30, width: bounds.width + 60,
    height: bounds.height + 60, fill: theme.background }, svg);
  const rect = (item, radius, style) => {
    const { x, y, width, height } = folding.place[item];
    make("rect", { x: x - width / 2, y: y - height / 2, width, height, rx: radius, ...style }, svg);
  };
  for (const box of folding.frames) {
    rect(box, 10, { fill: "none", stroke: theme.line });
    const { x, y, width, height } = folding.place[box];
    make("text", { x: x - width / 2 + 12, y: y - height / 2 + 22, "font-size": 14, fill: theme.muted }, svg, looks.get(box).title);
  }
  for (const wire of folding.wires) {
    make("path", { d: wirePath(wire.points), fill: "none", "stroke-width": wire.count > 1 ? 3 : 1.6,
      stroke: theme.mark("side", wire.side).color }, svg);
  }
  for (const item of folding.visible) {
    const look = looks.get(item);
    const paint = theme.paint(look.color || theme.line);
    const { x, y, width, height } = folding.place[item];
    rect(item, look.side === "R" ? height / 2 : 5, { fill: paint.fill, stroke: paint.border,
      "stroke-width": 2, "stroke-dasharray": look.dashed ? "5 4" : "none" });
    make("text", { x: x - width / 2 + 12, y: y + 5, "font-size": 13, "font-weight": 700, fill: theme.text }, svg, look.letter || "+");
    make("text", { x: x - width / 2 + 30, y: y - 3, "font-size": 13, "font-weight": 600, fill: theme.text }, svg, look.title);
    make("text", { x: x - width / 2 + 30, y: y + 13, "font-size": 11, fill: theme.muted }, svg, look.subtitle);
  }
  return new XMLSerializer().serializeToString(svg);
}

function wirePath(points) {
  let [x, y] = points[0];
  let path = `M${x},${y}`;
  for (const [toX, toY] of points.slice(1)) {
    const pull = toY > y ? Math.max((toY - y) / 2, 8) : 60;
    path += `C${x},${y + pull} ${toX},${toY - pull} ${toX},${toY}`;
    [x, y] = [toX, toY];
  }
  return path;
}
