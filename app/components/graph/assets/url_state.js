// The address holds what is looked at, so that a link restores it; also when the page is left.

const OURS = ["show", "fold", "by", "hide", "find", "tab", "pane", "node", "open", "at"];
const MEMORY = "mari graph";
const MOST_OPEN = 150;

Object.assign(Studio.prototype, {
  // Before the first drawing: what it depends on.
  readLink() {
    const given = new URLSearchParams(window.location.search);
    const own = OURS.some((name) => given.has(name));
    let kept = null;
    try {
      kept = JSON.parse(window.sessionStorage.getItem(MEMORY));
    } catch { /* another page's, or not allowed: there is nothing to remember */ }
    const usable = !own && kept?.model === this.model;
    this.link = usable ? new URLSearchParams(kept.text) : given;
    if (SHOWS.some(([value]) => value === this.link.get("show"))) this.show = this.link.get("show");
    if (TABS.some(([value]) => value === this.link.get("tab"))) this.tab = this.link.get("tab");
    this.wished = this.link.get("by") || this.wished;
    this.find(".search").value = this.link.get("find") || "";
    const fold = this.link.get("fold");
    const select = this.find(".fold");
    if (fold && fold !== select.value && [...select.options].some(({ value }) => value === fold)) {
      this.choose("fold", fold);
    }
  },

  // After it: what is open, hidden and selected, and where the view was.
  followLink() {
    const { link } = this;
    this.linked = true;
    if (!link) return;
    const hide = link.get("hide");
    if (hide) {
      this.hidden = new Set(hide);
      this.showLegend();
    }
    const opened = (link.get("open") || "").split("_");
    const views = (link.get("at") || "").split("_");
    this.panes.forEach((pane, at) => {
      if (opened[at]) pane.openOnly(opened[at].split(".").map(Number));
    });
    const pane = this.panes[Number(link.get("pane")) || 0];
    const item = pane && link.has("node") ? pane.model.data.names.indexOf(link.get("node")) : -1;
    if (item >= 0) this.goTo(pane, item);
    this.panes.forEach((each, at) => {
      const [x, y, scale] = (views[at] || "").split("~").map(Number);
      if (scale > 0) each.network.moveTo({ position: { x, y }, scale, animation: false });
    });
    this.restyle();
  },

  // Something that a link holds has changed; the address is written when it comes to rest.
  changed() {
    if (!this.linked) return;
    clearTimeout(this.writing);
    this.writing = setTimeout(() => this.writeLink(), 300);
  },

  address() {
    const { selection } = this;
    const given = new URLSearchParams(window.location.search);
    OURS.forEach((name) => given.delete(name));
    const put = (name, value, usual = "") => {
      if (value && value !== usual) given.set(name, value);
    };
    put("show", this.panes.length > 1 ? this.show : "", "both");
    put("fold", this.find(".fold").value, this.find(".fold").options[0]?.value);
    put("by", this.overlay, this.find(".overlay").options[0]?.value);
    put("hide", [...this.hidden].join(""));
    put("find", this.find(".search").value.trim());
    put("tab", this.tab, this.changes.size ? "changes" : "details");
    if (selection && !selection.pane.model.isBox(selection.item)) {
      put("pane", String(this.panes.indexOf(selection.pane)), "0");
      put("node", selection.pane.model.name(selection.item));
    }
    const open = this.panes.map(({ folding, model }) => [...folding.open].map((box) => box - model.root));
    if (open.every((boxes) => boxes.length <= MOST_OPEN)) put("open", open.map((boxes) => boxes.join(".")).join("_"));
    put("at", this.panes.map(({ network }) => {
      const { x, y } = network.getViewPosition();
      return [Math.round(x), Math.round(y), Number(network.getScale().toPrecision(3))].join("~");
    }).join("_"));
    return given;
  },

  writeLink() {
    if (!this.root.isConnected || !window.location.pathname.endsWith("/graph")) return;
    const text = this.address().toString();
    try {
      window.sessionStorage.setItem(MEMORY, JSON.stringify({ model: this.model, text }));
    } catch { /* storage is full or not allowed: the address still holds it */ }
    window.history.replaceState(window.history.state, "", `${window.location.pathname}?${text}`);
  },

  async copyLink() {
    this.writeLink();
    let done = "Link copied";
    try {
      await navigator.clipboard.writeText(window.location.href);
    } catch {
      done = "The address bar holds the link";
    }
    this.say(done);
  },

  say(text) {
    const place = this.find(".matches");
    place.textContent = text;
    setTimeout(() => this.showMatches(), 2500);
  },
});
