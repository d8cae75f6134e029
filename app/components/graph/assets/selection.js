// The item that is selected, and the vertex from which a path is asked for.

const MOST_SHOWN = 12;

export class Selection {
  current = null; // { pane, item, others: what it is linked to in the other pane }
  pathStart = null; // { pane, item }
  #panes;

  constructor(panes) {
    this.#panes = panes;
  }

  // The selected vertex; null where nothing is selected, or a box.
  get vertex() {
    const { current } = this;
    return current && !current.pane.model.isBox(current.item) ? current : null;
  }

  // The vertex by its name, to be found in another document.
  remember() {
    const { pane, item } = this.vertex || {};
    return pane ? { at: this.#panes.indexOf(pane), name: pane.model.name(item) } : null;
  }

  holds({ pane, item }) {
    return this.current?.pane === pane && this.current.item === item;
  }

  clear() {
    this.current = null;
    this.pathStart = null;
  }

  // Selects, or clears the selection where `item` is -1; nothing is lit afterwards.
  choose(pane, item) {
    const others = this.#panes.partners(pane, item);
    this.current = item >= 0 ? { pane, item, others } : null;
    for (const each of this.#panes.all) {
      each.selected = each === pane ? item : -1;
      each.lit = null;
      each.linked = new Set(each === others.pane ? others.items : []);
    }
    this.#panes.active = pane;
  }

  // Of all that a node became, or was made from, what does its work: the same operator, or else the
  // first. The others may lie anywhere.
  #likest({ model }, items) {
    const op = this.current.pane.model.op(this.current.item);
    const same = items.filter((item) => model.op(item) === op);
    return same.length ? same.slice(0, MOST_SHOWN) : items.slice(0, 1);
  }

  // Brings into view what the selected vertex is linked to; opens the boxes around it if `opened`.
  showOthers(opened) {
    const { pane, items } = this.vertex?.others || { items: [] };
    if (!items.length || pane.away) return;
    if (opened) pane.reveal(this.#likest(pane, items));
    else pane.viewport.turnTo(items.slice(0, MOST_SHOWN));
  }
}
