// All nodes as a table: what the search and the legend let through, sorted; drawn as far as seen.

const ROW = 40;

class NodeList {
  constructor(root, studio) {
    this.root = root;
    this.studio = studio;
    this.rows = [];
    this.sort = "order";
    this.head = element("div", "sorting");
    this.count = element("span", "muted");
    this.choice = element("select");
    this.choice.setAttribute("aria-label", "Sort nodes");
    this.choice.addEventListener("change", () => {
      this.sort = this.choice.value;
      this.fill();
    });
    this.head.append(this.count, this.choice);
    this.port = element("div", "port");
    this.port.tabIndex = 0;
    this.port.setAttribute("role", "listbox");
    this.port.setAttribute("aria-label", "Nodes");
    this.space = element("div", "space");
    this.port.append(this.space);
    this.port.addEventListener("scroll", () => this.draw());
    this.port.addEventListener("keydown", (event) => this.key(event));
    root.append(this.head, this.port);
  }

  // Sorts what is left by search and legend; nothing is done while the list is not seen.
  fill() {
    const { studio } = this;
    if (this.root.hidden || !studio.scene) return;
    this.fillChoice();
    const wanted = studio.find(".search").value.trim();
    const rows = wanted ? [...studio.matches] : studio.shown.flatMap((pane) =>
      Array.from({ length: pane.model.count }, (_, item) => ({ pane, item })));
    this.rows = rows.filter(({ pane, item }) => !studio.hidden.has(studio.letter(pane, item))
      && (!pane.lit || pane.lit.has(item)));
    const column = AMOUNTS[this.sort];
    if (column) {
      const amount = ({ pane, item }) => pane.model.data[column][item] || 0;
      this.rows.sort((a, b) => amount(b) - amount(a));
    } else if (this.sort === "name") {
      const name = ({ pane, item }) => pane.model.name(item);
      this.rows.sort((a, b) => (name(a) < name(b) ? -1 : 1));
    } else if (this.sort === "operator") {
      const op = ({ pane, item }) => pane.model.op(item);
      this.rows.sort((a, b) => (op(a) < op(b) ? -1 : op(a) > op(b) ? 1 : 0));
    }
    this.count.textContent = plural(this.rows.length, "node");
    this.space.style.height = `${this.rows.length * ROW}px`;
    this.follow();
    this.draw();
  }

  fillChoice() {
    const { most } = this.studio;
    const ways = [["order", "in order"], ["name", "by name"], ["operator", "by operator"],
      ...(most.flops ? [["flops", "by FLOPs"]] : []), ...(most.time ? [["time", "by time"]] : []),
      ...(most.left ? [["left", "by FLOPs left"]] : [])];
    if (!ways.some(([value]) => value === this.sort)) this.sort = "order";
    this.choice.replaceChildren(...ways.map(([value, text]) => {
      const option = element("option", "", text);
      option.value = value;
      return option;
    }));
    this.choice.value = this.sort;
  }

  draw() {
    const first = Math.max(0, Math.floor(this.port.scrollTop / ROW) - 4);
    const last = Math.min(this.rows.length, first + Math.ceil(this.port.clientHeight / ROW) + 8);
    const made = [];
    for (let at = first; at < last; at += 1) made.push(this.row(at));
    this.space.replaceChildren(...made);
  }

  row(at) {
    const { studio } = this;
    const { pane, item } = this.rows[at];
    const { model } = pane;
    const line = element("div", "row");
    line.style.top = `${at * ROW}px`;
    line.setAttribute("role", "option");
    line.setAttribute("aria-selected", String(this.isSelected(this.rows[at])));
    line.title = model.name(item);
    const texts = element("span", "texts");
    const isNode = model.data.kinds[item] === "n";
    texts.append(element("b", "", isNode ? model.op(item) : model.name(item)),
      element("span", "name", isNode ? model.name(item) : model.op(item)));
    const overlay = AMOUNTS[studio.overlay] ? "side" : studio.overlay;
    line.append(studio.panel.badge(overlay, studio.letter(pane, item, overlay)), texts, element("span", "count", this.amount(pane, item)));
    line.addEventListener("click", () => {
      studio.goTo(pane, item);
      this.port.focus({ preventScroll: true });
    });
    return line;
  }

  amount(pane, item) {
    const { data } = pane.model;
    const told = AMOUNTS[this.sort] || AMOUNTS[this.studio.overlay] || "flops";
    const amount = data[told][item];
    if (!amount) return "";
    return told === "times" ? duration(amount) : figure(amount);
  }

  isSelected({ pane, item }) {
    const { selection } = this.studio;
    return Boolean(selection) && selection.pane === pane && selection.item === item;
  }

  // Brings the row of what is selected into view.
  follow() {
    if (this.root.hidden) return;
    const at = this.rows.findIndex((row) => this.isSelected(row));
    if (at >= 0) {
      const top = at * ROW;
      const { scrollTop, clientHeight } = this.port;
      if (top < scrollTop || top + ROW > scrollTop + clientHeight) this.port.scrollTop = top - clientHeight / 2;
    }
    this.draw();
  }

  key(event) {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (!by || !this.rows.length) return;
    const at = this.rows.findIndex((row) => this.isSelected(row));
    const { pane, item } = this.rows[Math.min(this.rows.length - 1, Math.max(0, at + by))];
    this.studio.goTo(pane, item);
    event.preventDefault();
    event.stopPropagation();
  }
}
