// Toolbar and keys.

const KEYS = [
  ["/", "search"], ["n  N", "next, previous match"], ["f", "fit everything"],
  ["Enter", "open or close the selected box"], ["e  c", "open, close the box around"],
  ["E  C", "open all, close all"], ["↑ ↓", "go to a predecessor, a successor"],
  ["← →", "go along the row"], ["[  ]", "previous, next change"], ["p", "paths from here to …"],
  ["h", "neighbors, and theirs"], ["v", "before and after, before, after"], ["o", "color by something else"],
  ["1 2 3", "details, changes, nodes"], ["+  −", "zoom"], ["i", "side panel on, off"],
  ["Esc", "clear selection and filters"], ["?", "this list"],
];
const HINTS = [["/", "search"], ["[ ]", "changes"], ["f", "fit"], ["?", "all keys"]];

Object.assign(Studio.prototype, {
  bindTools() {
    const actions = this.actions();
    for (const made of this.root.querySelectorAll("[data-do]")) {
      made.addEventListener("click", () => {
        if (made.dataset.do !== "menu") this.dropMenu(false);
        actions[made.dataset.do]();
      });
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
    this.find(".overlay").addEventListener("change", (event) => this.colorBy(event.target.value));
    this.find(".fold").addEventListener("change", (event) => this.choose("fold", event.target.value));
    for (const [key, text] of KEYS) {
      this.find(".keys").append(element("dt", "", key), element("dd", "", text));
    }
    for (const [key, text] of HINTS) {
      const hint = element("span");
      hint.append(element("kbd", "", key), ` ${text}`);
      this.find(".hints").append(hint);
    }
    for (const [show, text] of SHOWS) {
      const made = button(text, () => this.view(show));
      made.dataset.show = show;
      this.find(".views").append(made);
    }
    for (const [tab, text] of TABS) {
      const made = button(text, () => this.turnTo(tab));
      made.dataset.turn = tab;
      made.setAttribute("role", "tab");
      this.find(".tabs").append(made);
    }
  },

  // What Python can do: ways to fold, and measuring.
  offer({ folds, fold, measures, model }) {
    this.model = model;
    const select = this.find(".fold");
    select.replaceChildren(...folds.map(([value, text]) => {
      const option = element("option", "", text);
      option.value = value;
      return option;
    }));
    select.value = fold;
    this.find(".folds").hidden = folds.length < 2;
    const timer = this.find(".timer");
    timer.hidden = !measures || measures === "done";
    timer.disabled = measures === "busy";
    timer.textContent = measures === "busy" ? "Measuring …" : "Measure nodes";
  },

  colorBy(overlay) {
    this.overlay = this.wished = overlay;
    this.find(".overlay").value = overlay;
    this.hidden.clear();
    this.restyle();
    this.showLegend();
    this.list.fill();
    this.changed();
  },

  actions() {
    return {
      next: () => this.jump(1),
      previous: () => this.jump(-1),
      stepOn: () => this.changes.stepBy(1),
      stepBack: () => this.changes.stepBy(-1),
      fit: () => this.shown.forEach((pane) => pane.fit()),
      expandAll: () => this.foldAll((folding) => folding.openAll(MANY)),
      collapseAll: () => this.foldAll((folding) => folding.closeAll()),
      savePicture: () => this.savePicture(),
      saveDrawing: () => this.saveDrawing(),
      copyLink: () => this.copyLink(),
      fullScreen: () => this.fullScreen(),
      menu: () => this.dropMenu(this.find(".drop").hidden),
      measure: () => this.measure(),
      panel: () => this.find(".side").classList.toggle("closed"),
      help: () => { this.find(".keys").hidden = !this.find(".keys").hidden; },
    };
  },

  dropMenu(open) {
    this.find(".drop").hidden = !open;
    this.find("[data-do=menu]").setAttribute("aria-expanded", String(open));
  },

  foldAll(change) {
    for (const pane of this.panes) {
      change(pane.folding);
      pane.sync();
      pane.fit();
    }
    this.changed();
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
      p: () => this.withVertex((pane, item) => this.startPath(pane, item)),
      h: () => this.withVertex((pane, item) => this.widen(pane, item)),
      v: () => this.cycleView(), o: () => this.cycleOverlay(),
      1: () => this.turnTo("details"), 2: () => this.turnTo("changes"), 3: () => this.turnTo("nodes"),
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
    this.find(".panes").addEventListener("pointerdown", () => {
      this.dropMenu(false);
      this.root.focus({ preventScroll: true });
    });
  },

  escape() {
    this.find(".keys").hidden = true;
    this.dropMenu(false);
    this.clear();
  },

  withVertex(act) {
    const { pane, item } = this.selection || {};
    if (pane && !pane.model.isBox(item)) act(pane, item);
  },

  cycleView() {
    if (this.panes.length < 2) return;
    const at = SHOWS.findIndex(([show]) => show === this.show);
    this.view(SHOWS[(at + 1) % SHOWS.length][0]);
  },

  cycleOverlay() {
    const { options, selectedIndex } = this.find(".overlay");
    this.colorBy(options[(selectedIndex + 1) % options.length].value);
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
      this.goTo(pane, pane.folding.visible[0]);
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

  fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen();
  },
});
