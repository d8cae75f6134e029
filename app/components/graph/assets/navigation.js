// Moves the selection through the graph, and lights what is related to it.

export class Navigation {
  #panes;
  #selection;
  #listener;
  #origin = null; // what was shown and selected before a link was followed

  // `listener` hears selected(wasLit), lit(), folded(), pathStarted(), pathTraced(pane, one, other,
  // items) and viewWanted(show): other panes are to be shown.
  constructor(panes, selection, listener) {
    this.#panes = panes;
    this.#selection = selection;
    this.#listener = listener;
  }

  // Selects an item; -1 selects nothing. What it is linked to is brought into view, and `opened`
  // where boxes hide it.
  select(pane, item, opened = false) {
    const start = performance.now();
    const wasLit = this.#panes.all.some((each) => each.lit);
    this.#selection.choose(pane, item);
    this.#selection.showOthers(opened);
    if (wasLit) this.#panes.restyle();
    else for (const each of this.#panes.all) each.reselect();
    this.#listener.selected(wasLit);
    performance.measure("mari graph: select", { start });
  }

  // Selects and brings into view.
  show(pane, item, opened = false) {
    if (item === undefined) return;
    if (pane.away) this.#listener.viewWanted("both");
    this.select(pane, item, opened);
    pane.reveal([item]);
  }

  // Follows a link: opens and centers what it leads to, in both panes.
  goTo(pane, item) {
    const { show, standings } = this.#panes;
    this.#origin ??= { ...this.#selection.current, show, standings };
    this.show(pane, item, true);
  }

  // Back to where the first of the links was followed; false where none was.
  goBack() {
    if (!this.#origin) return false;
    const { pane = this.#panes.active, item = -1, show, standings } = this.#origin;
    this.#origin = null;
    if (show !== this.#panes.show) this.#listener.viewWanted(show);
    this.select(pane, item);
    this.#panes.standings = standings;
    return true;
  }

  // Nothing is selected, and there is nothing to go back to.
  clear() {
    this.settle();
    this.#selection.pathStart = null;
    this.select(this.#panes.active, -1);
  }

  // From here on Esc does not go back.
  settle() {
    this.#origin = null;
  }

  // Goes to the vertex of this name, in the same pane if it can be.
  recall(kept) {
    if (!kept) return;
    for (const pane of [this.#panes.all[kept.at], ...this.#panes.all].filter(Boolean)) {
      const item = pane.model.data.names.indexOf(kept.name);
      if (item < 0) continue;
      this.show(pane, item);
      return;
    }
  }

  // A click; with shift, or after "Paths to …", it shows the paths that end here.
  pick(pane, item, shift) {
    const { pathStart } = this.#selection;
    const start = pathStart?.pane === pane ? pathStart.item : -1;
    const other = shift ? pane.selected : start;
    this.settle();
    this.select(pane, item);
    if (item >= 0 && other >= 0) this.tracePath(pane, other, item);
  }

  // -- by keys

  // Along a wire: "after" or "before".
  walk(direction) {
    const { pane, item } = this.#selection.current || { pane: this.#panes.active };
    const { folding } = pane;
    this.show(pane, item === undefined ? folding.leftmost : folding.neighbor(item, direction));
  }

  // Along the column.
  slide(by) {
    const { pane, item } = this.#selection.current || {};
    if (pane) this.show(pane, pane.folding.besides(item, by));
  }

  // Opens, closes or toggles the selected box; of a vertex, closes the box around it.
  fold(how) {
    const { pane, item } = this.#selection.current || {};
    if (!pane) return;
    const { model, folding } = pane;
    const isBox = model.isBox(item);
    const around = model.parent[item];
    if (isBox && (how === "toggle" || (how === "open") !== folding.isOpen(item))) {
      pane.toggle(item);
    } else if (how === "close" && around > model.root) {
      this.select(pane, around);
      pane.toggle(around);
    }
    this.#listener.folded();
  }

  // -- what is related

  // Dims all but these; the same once more shows everything again.
  light(pane, items, name) {
    pane.light(items, name);
    this.#listener.lit();
  }

  // The neighbors of a vertex; with each call those a step further away.
  widen({ pane, item }) {
    pane.widen(item);
    this.#listener.lit();
  }

  // The next vertex that is picked is the other end of a path; once more calls it off.
  startPath({ pane, item }) {
    this.#selection.pathStart = this.#selection.pathStart ? null : { pane, item };
    this.#listener.pathStarted();
  }

  tracePath(pane, one, other) {
    this.#selection.pathStart = null;
    if (pane.model.isBox(one) || pane.model.isBox(other)) return;
    const items = pane.model.between(one, other);
    if (items.size) {
      this.light(pane, items, `path${one} ${other}`);
      if (pane.lit) pane.viewport.fit([...items]);
    }
    this.#listener.pathTraced(pane, one, other, items);
  }
}
