// The whole component: one pane or two, toolbar, legend, panels, and what they share.

const MANY = 3000;
const TABS = [["details", "Details"], ["changes", "Changes"], ["nodes", "Nodes"]];
const SHOWS = [["both", "Before and after"], ["left", "Before"], ["right", "After"]];

class Studio {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(name);
    this.tab = "details";
    this.show = "both";
    this.hidden = new Set();
    this.panes = [];
    this.most = {};
    this.matches = [];
    this.match = -1;
    this.start = null;
    const place = (tab) => root.querySelector(`[data-tab=${tab}]`);
    this.panel = new Panel(place("details"), this);
    this.changes = new Changes(place("changes"), this);
    this.list = new NodeList(place("nodes"), this);
    this.ask = () => {};
    this.choose = () => {};
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
    [this.active] = this.panes;
    this.selection = null;
    this.start = null;
    this.showPanes();
    this.fillOverlays();
    const alike = kept.length === this.panes.length;
    this.panes.forEach((pane, at) => this.recall(pane, alike ? kept[at] : null));
    this.changes.load(scene);
    this.searchFor(this.find(".search").value);
    this.panel.show(null, -1);
    this.showLegend();
    if (chosen) this.recallSelection(chosen);
    const first = kept.length ? this.tab : this.firstTab();
    this.turnTo(first);
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
      const { clientWidth, clientHeight } = this.panes.find((each) => !each.away).element;
      folding.openFirst(clientWidth, clientHeight);
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
        this.goTo(pane, item);
        return;
      }
    }
  }

  retheme() {
    this.theme = new Theme(this.root, this.scene.marks);
    this.restyle();
    this.showLegend();
    this.panel.show(this.selection?.pane, this.selection?.item ?? -1);
    this.changes.render();
    this.list.draw();
  }

  restyle() {
    this.panes.forEach((pane) => pane.restyle());
  }

  // -- what is shown

  get shown() {
    return this.panes.filter((pane) => !pane.away);
  }

  showPanes() {
    const alone = this.panes.length < 2;
    this.panes.forEach((pane, at) => {
      pane.away = !alone && this.show !== "both" && this.show !== ["left", "right"][at];
      pane.element.parentElement.hidden = pane.away;
    });
    if (this.active?.away) [this.active] = this.shown;
    this.bridge.hidden = this.shown.length < 2;
    const views = this.find(".views");
    views.hidden = alone;
    for (const choice of views.children) {
      choice.setAttribute("aria-pressed", String(choice.dataset.show === this.show));
    }
  }

  // Both panes side by side, or one alone.
  view(show) {
    this.show = show;
    this.showPanes();
    for (const pane of this.shown) {
      pane.network.redraw();
      pane.network.once("resize", () => pane.fit());
    }
    this.searchFor(this.find(".search").value);
    this.list.fill();
    this.changed();
  }

  // What became of the model is what is wanted first, unless a link says otherwise.
  firstTab() {
    return this.changes.size && !this.link?.has("tab") ? "changes" : this.tab;
  }

  turnTo(tab) {
    this.tab = tab;
    for (const place of this.root.querySelectorAll("[data-tab]")) place.hidden = place.dataset.tab !== tab;
    for (const choice of this.find(".tabs").children) {
      choice.setAttribute("aria-selected", String(choice.dataset.turn === tab));
    }
    if (tab === "changes") this.changes.render();
    if (tab === "nodes") this.list.fill();
    this.changed();
  }

  // -- selection

  focus(pane) {
    this.active = pane;
  }

  select(pane, item) {
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
    if (this.tab === "changes" && item >= 0 && !pane.model.decision.has(item)) this.turnTo("details");
    if (others.items.length) {
      others.pane.linked = new Set(others.items);
      if (!others.pane.away && !pane.model.isBox(item)) others.pane.turnTo(others.items.slice(0, 12));
    }
    if (lit) this.restyle();
    else this.panes.forEach((each) => each.reselect());
    this.panel.show(pane, item);
    this.changes.follow(this.selection);
    if (lit) this.list.fill();
    else this.list.follow();
    this.askDetails();
    this.changed();
    performance.measure("mari graph: select", { start });
  }

  // Selects and brings into view.
  goTo(pane, item) {
    if (item === undefined) return;
    if (pane.away) this.view("both");
    this.select(pane, item);
    pane.reveal([item]);
  }

  askDetails() {
    const { pane, item } = this.selection || {};
    if (!pane || pane.model.isBox(item) || pane.model.details.has(item)) return;
    this.ask({ pane: this.panes.indexOf(pane), at: item });
  }

  // Python's answer: the details of a vertex that was selected.
  answer({ pane: at, at: item, found }) {
    const pane = this.panes[at];
    if (!pane || !(item >= 0 && item < pane.model.count)) return;
    pane.model.details.set(item, found);
    const { selection } = this;
    if (selection?.pane !== pane || selection.item !== item || pane.lit) return;
    this.panel.show(pane, item);
    this.changes.follow(selection);
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

  // -- ways through the graph

  // Dims all but these; the same once more shows everything again.
  light(pane, items, name) {
    pane.lit = pane.litBy === name && pane.lit ? null : items;
    pane.litBy = name;
    pane.restyle();
    this.list.fill();
  }

  // The neighbors, and with each call those a step further away, up to four.
  widen(pane, item) {
    const hops = pane.lit && pane.litBy?.startsWith("near") ? Number(pane.litBy.slice(4)) + 1 : 1;
    if (hops > 4) this.light(pane, pane.lit, pane.litBy);
    else this.light(pane, pane.model.near(item, hops), `near${hops}`);
  }

  startPath(pane, item) {
    this.start = this.start ? null : { pane, item };
    this.panel.show(pane, item);
  }

  tracePath(pane, one, other) {
    this.start = null;
    if (pane.model.isBox(one) || pane.model.isBox(other)) return;
    const items = pane.model.between(one, other);
    this.turnTo("details");
    if (items.size) {
      this.light(pane, items, `path${one} ${other}`);
      if (pane.lit) pane.fit([...items]);
    }
    this.panel.paths(pane, one, other, items);
  }

  clear() {
    this.start = null;
    this.select(this.active, -1);
    this.hidden.clear();
    this.showLegend();
    this.restyle();
    this.list.fill();
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
    this.changed();
    if (this.shown.length < 2 || !this.bridge.isConnected) return;
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

  // -- search

  searchFor(text) {
    this.matches = this.shown.flatMap((pane) => pane.model.search(text.trim()).map((item) => ({ pane, item })));
    this.match = -1;
    this.showMatches(text);
    this.list.fill();
    this.changed();
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
    this.goTo(pane, item);
    this.showMatches();
  }

  destroy() {
    this.observer.disconnect();
    this.panes.forEach((pane) => pane.destroy());
  }
}
