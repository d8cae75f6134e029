// The whole component: one pane or two, toolbar, legend, panel, and what they share.

const MANY = 3000;

class Studio {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(name);
    this.panel = new Panel(this.find(".panel"), this);
    this.hidden = new Set();
    this.panes = [];
    this.matches = [];
    this.match = -1;
    this.step = -1;
    this.report = () => {};
    this.bridge = document.createElement("canvas");
    this.bridge.className = "bridge";
    this.bindTools();
    this.bindKeys();
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.find(".panes"));
  }

  // Draws a new document; what was open and selected stays so where it still exists.
  load(scene) {
    const start = performance.now();
    const kept = this.panes.map((pane) => this.remember(pane));
    const chosen = this.rememberSelection();
    this.scene = scene;
    this.indexLinks();
    this.panes.forEach((pane) => pane.destroy());
    const holder = this.find(".panes");
    holder.replaceChildren();
    this.theme = new Theme(this.root, scene.marks);
    this.panes = scene.panes.map((data) => {
      const place = element("div", "pane");
      const canvas = element("div", "canvas");
      place.append(element("div", "title", data.title), canvas);
      holder.append(place);
      return new Pane(canvas, new GraphModel(data), this);
    });
    holder.append(this.bridge);
    this.bridge.hidden = this.panes.length < 2;
    [this.active] = this.panes;
    this.selection = null;
    this.fillOverlays();
    const alike = kept.length === this.panes.length;
    this.panes.forEach((pane, at) => this.recall(pane, alike ? kept[at] : null));
    this.searchFor(this.find(".search").value);
    this.panel.show(null, -1);
    this.showSteps();
    this.showLegend();
    if (chosen) this.recallSelection(chosen);
    performance.measure("mari graph: load", { start });
  }

  remember(pane) {
    const { model, folding, network } = pane;
    return {
      names: model.data.names.join("\u0000"),
      boxes: model.data.boxes.join("\u0000"),
      open: new Set([...folding.open].map((box) => model.path(box))),
      view: { position: network.getViewPosition(), scale: network.getScale() },
    };
  }

  recall(pane, kept) {
    const { model, folding } = pane;
    const same = kept && kept.names === model.data.names.join("\u0000")
      && kept.boxes === model.data.boxes.join("\u0000");
    if (same) {
      for (let box = model.root; box < model.parent.length; box += 1) {
        if (kept.open.has(model.path(box))) folding.open.add(box);
      }
      folding.arrange();
    } else {
      folding.openFirst(pane.element.clientWidth, pane.element.clientHeight);
    }
    pane.sync();
    if (same) pane.network.moveTo({ ...kept.view, animation: false });
    else pane.fit();
  }

  rememberSelection() {
    const { pane, item } = this.selection || {};
    if (!pane) return null;
    return { at: this.panes.indexOf(pane), name: pane.model.name(item), box: pane.model.isBox(item) };
  }

  // Selects what has the same name now, in the same pane if it can be.
  recallSelection({ at, name, box }) {
    for (const pane of box ? [] : [this.panes[at], ...this.panes].filter(Boolean)) {
      const item = pane.model.data.names.indexOf(name);
      if (item >= 0) {
        this.select(pane, item);
        pane.reveal([item]);
        return;
      }
    }
    this.tell();
  }

  retheme() {
    this.theme = new Theme(this.root, this.scene.marks);
    this.restyle();
    this.showLegend();
    this.panel.show(this.selection?.pane, this.selection?.item ?? -1);
  }

  restyle() {
    this.panes.forEach((pane) => pane.restyle());
  }

  // -- selection

  focus(pane) {
    this.active = pane;
  }

  select(pane, item, { tell = true } = {}) {
    const start = performance.now();
    const others = item >= 0 ? this.partners(pane, item) : { pane: null, items: [] };
    this.selection = item >= 0 ? { pane, item, others } : null;
    const lit = this.panes.some((each) => each.lit);
    for (const each of this.panes) {
      each.selected = each === pane ? item : -1;
      each.lit = null;
      each.linked = new Set();
    }
    this.active = pane;
    if (others.items.length) {
      others.pane.linked = new Set(others.items);
      if (!pane.model.isBox(item)) others.pane.reveal(others.items.slice(0, 12));
    }
    if (lit) this.restyle();
    else this.panes.forEach((each) => each.reselect());
    this.panel.show(pane, item);
    if (tell) this.tell();
    performance.measure("mari graph: select", { start });
  }

  tell() {
    const { selection } = this;
    const vertex = selection && !selection.pane.model.isBox(selection.item);
    this.report(vertex ? { pane: this.panes.indexOf(selection.pane), at: selection.item } : null);
  }

  // Selects on Python's behalf: the table's row was chosen.
  choose({ pane: at, at: item }) {
    const pane = this.panes[at];
    if (!pane || !(item >= 0 && item < pane.model.count)) return;
    this.select(pane, item, { tell: false });
    pane.reveal([item]);
  }

  // What the item became in the other pane, or was made from.
  partners(pane, item) {
    const at = this.panes.indexOf(pane);
    const other = this.panes[1 - at];
    if (!other) return { pane: null, items: [] };
    const items = pane.model.under(item).flatMap((member) => this.links[at].get(member) || []);
    return { pane: other, items: [...new Set(items)] };
  }

  // The links by vertex, for each of the two panes.
  indexLinks() {
    this.links = [new Map(), new Map()];
    for (const link of this.scene.links) {
      for (const at of [0, 1]) {
        const known = this.links[at].get(link[at]);
        if (known) known.push(link[1 - at]);
        else this.links[at].set(link[at], [link[1 - at]]);
      }
    }
  }

  light(pane, items) {
    pane.lit = pane.lit && pane.lit.size === items().size ? null : items();
    pane.restyle();
  }

  tracePath(pane, one, other) {
    if (pane.model.isBox(one) || pane.model.isBox(other)) return;
    this.light(pane, () => pane.model.between(one, other));
  }

  clear() {
    this.select(this.active, -1);
    this.hidden.clear();
    this.showLegend();
    this.restyle();
  }

  // -- links between the panes

  resized() {
    const { clientWidth, clientHeight } = this.find(".panes");
    const ratio = window.devicePixelRatio || 1;
    this.bridge.width = clientWidth * ratio;
    this.bridge.height = clientHeight * ratio;
    this.moved();
  }

  moved() {
    if (this.panes.length < 2 || !this.bridge.isConnected) return;
    const ctx = this.bridge.getContext("2d");
    const ratio = window.devicePixelRatio || 1;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, this.bridge.width, this.bridge.height);
    if (!this.selection) return;
    const { pane, item, others } = this.selection;
    const leftward = pane === this.panes[1];
    const from = this.spot(pane, item, leftward ? -0.5 : 0.5);
    ctx.strokeStyle = this.theme.accent;
    ctx.lineWidth = 2;
    ctx.setLineDash([7, 4]);
    for (const other of [...(others.pane?.linkedShown || [])].slice(0, 40)) {
      const to = this.spot(others.pane, other, leftward ? 0.5 : -0.5);
      ctx.beginPath();
      ctx.moveTo(from.x, from.y);
      ctx.bezierCurveTo((from.x + to.x) / 2, from.y, (from.x + to.x) / 2, to.y, to.x, to.y);
      ctx.stroke();
    }
  }

  // A point of an item's border in the coordinates of all panes; kept inside its own pane.
  spot(pane, item, aside) {
    const { x, y } = pane.spot(item, aside);
    const { element: place } = pane;
    const right = place.offsetLeft + place.clientWidth;
    return { x: Math.min(Math.max(place.offsetLeft, x + place.offsetLeft), right),
      y: Math.min(Math.max(place.offsetTop, y + place.offsetTop), place.offsetTop + place.clientHeight) };
  }

  // -- search and steps

  searchFor(text) {
    this.matches = this.panes.flatMap((pane) => pane.model.search(text.trim()).map((item) => ({ pane, item })));
    this.match = -1;
    this.showMatches(text);
  }

  showMatches(text = this.find(".search").value) {
    const { length } = this.matches;
    const place = this.match >= 0 ? `${(this.match + 1).toLocaleString("en")} of ` : "";
    this.find(".matches").textContent = text ? `${place}${length.toLocaleString("en")} found` : "";
  }

  jump(by) {
    if (!this.matches.length) return;
    const { length } = this.matches;
    this.match = this.match < 0 && by < 0 ? length - 1 : (this.match + by + length) % length;
    const { pane, item } = this.matches[this.match];
    this.select(pane, item);
    pane.reveal([item]);
    this.showMatches();
  }

  showSteps() {
    const { length } = this.scene.decisions;
    this.find(".steps").hidden = !length;
    const place = this.step >= 0 ? `${this.step + 1} of ` : "";
    this.find(".step").textContent = `${place}${length} decisions`;
  }

  stepBy(by) {
    const { length } = this.scene.decisions;
    if (!length) return;
    this.step = this.step < 0 && by < 0 ? length - 1 : (this.step + by + length) % length;
    this.showSteps();
    for (const pane of this.panes) {
      const found = pane.model.data.decisions.find(([, at]) => at === this.step);
      if (found) {
        this.select(pane, found[0]);
        pane.reveal([found[0]]);
        return;
      }
    }
  }

  destroy() {
    this.observer.disconnect();
    this.panes.forEach((pane) => pane.destroy());
  }
}
