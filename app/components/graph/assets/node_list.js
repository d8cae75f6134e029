// All vertices as a table: what the search and the legend let through, sorted. Only the rows that
// are in view are in the page.

import { element, fillSelect, namedBadge } from "./dom.js";
import { duration, figure, plural } from "./figures.js";
import { AMOUNTS } from "./node_styles.js";

const ROW = 40; // pixels
const SPARE = 4; // rows above and below those in view
const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
const SORTS = [
  ["order", "in order"],
  ["name", "by name"],
  ["operator", "by operator"],
];
const AMOUNT_SORTS = [
  ["flops", "by FLOPs"],
  ["time", "by time"],
  ["left", "by FLOPs left"],
];

export class NodeList {
  #root;
  #styles;
  #selection;
  #search;
  #navigation;
  #rows = [];
  #sort = "order";
  #count = element("span", "muted");
  #choice = element("select");
  #port = element("div", "port");
  #space = element("div", "space");

  constructor(root, { styles, selection, navigation, search }) {
    this.#root = root;
    this.#styles = styles;
    this.#selection = selection;
    this.#search = search;
    this.#navigation = navigation;
    this.#build();
  }

  // Fills in what is let through; nothing is done while the list is not seen.
  fill() {
    if (this.#root.hidden) return;
    this.#fillChoice();
    const { hidden } = this.#styles;
    const rows = this.#search.rows.filter(
      ({ pane, item }) =>
        !hidden.has(this.#styles.letter(pane.model, item)) && (!pane.lit || pane.lit.has(item)),
    );
    this.#rows = sortRows(rows, this.#sort);
    this.#count.textContent = plural(rows.length, "node");
    this.#space.style.height = `${rows.length * ROW}px`;
    this.follow();
    this.draw();
  }

  // Brings the row of what is selected into view.
  follow() {
    if (this.#root.hidden) return;
    const at = this.#selectedRow();
    const { scrollTop, clientHeight } = this.#port;
    const top = at * ROW;
    if (at >= 0 && (top < scrollTop || top + ROW > scrollTop + clientHeight)) {
      this.#port.scrollTop = top - clientHeight / 2;
    }
    this.draw();
  }

  draw() {
    const { scrollTop, clientHeight } = this.#port;
    const first = Math.max(0, Math.floor(scrollTop / ROW) - SPARE);
    const last = first + Math.ceil(clientHeight / ROW) + 2 * SPARE;
    const lines = this.#rows.slice(first, last).map((row, at) => this.#line(row, first + at));
    this.#space.replaceChildren(...lines);
  }

  #build() {
    this.#choice.setAttribute("aria-label", "Sort nodes");
    this.#choice.addEventListener("change", () => {
      this.#sort = this.#choice.value;
      this.fill();
    });
    const head = element("div", "sorting");
    head.append(this.#count, this.#choice);
    this.#port.tabIndex = 0;
    this.#port.setAttribute("role", "listbox");
    this.#port.setAttribute("aria-label", "Nodes");
    this.#port.append(this.#space);
    this.#port.addEventListener("scroll", () => this.draw());
    this.#port.addEventListener("keydown", (event) => this.#onKey(event));
    this.#root.append(head, this.#port);
  }

  #fillChoice() {
    const { most } = this.#styles;
    const sorts = [...SORTS, ...AMOUNT_SORTS.filter(([overlay]) => most[overlay])];
    if (!sorts.some(([value]) => value === this.#sort)) this.#sort = "order";
    fillSelect(this.#choice, sorts, this.#sort);
  }

  #line(row, at) {
    const { pane, item } = row;
    const { model } = pane;
    const [title, subtitle] = model.titles(item);
    const line = element("div", "row");
    line.style.top = `${at * ROW}px`;
    line.setAttribute("role", "option");
    line.setAttribute("aria-selected", String(this.#selection.holds(row)));
    line.title = model.name(item);
    const texts = element("span", "texts");
    texts.append(element("b", "", title), element("span", "name", subtitle));
    const { theme, overlay: current } = this.#styles;
    const overlay = AMOUNTS[current] ? "side" : current;
    const letter = this.#styles.letter(model, item, overlay);
    const amount = element("span", "count", this.#amount(model, item));
    line.append(namedBadge(theme, overlay, letter), texts, amount);
    line.addEventListener("click", () => {
      this.#navigation.goTo(pane, item);
      this.#port.focus({ preventScroll: true });
    });
    return line;
  }

  #amount(model, item) {
    const column = AMOUNTS[this.#sort] || AMOUNTS[this.#styles.overlay] || "flops";
    const amount = model.data[column][item];
    if (!amount) return "";
    return column === "times" ? duration(amount) : figure(amount);
  }

  #selectedRow() {
    return this.#rows.findIndex((row) => this.#selection.holds(row));
  }

  #onKey(event) {
    const by = STEPS[event.key];
    if (!by || !this.#rows.length) return;
    const at = Math.max(0, this.#selectedRow() + by);
    const { pane, item } = this.#rows[Math.min(this.#rows.length - 1, at)];
    this.#navigation.goTo(pane, item);
    event.preventDefault();
    event.stopPropagation();
  }
}

// By name or operator from a to z, by an amount the largest first; rows alike keep their order.
export function sortRows(rows, sort) {
  const column = AMOUNTS[sort];
  if (column) {
    const amount = ({ pane, item }) => pane.model.data[column][item] || 0;
    return [...rows].sort((a, b) => amount(b) - amount(a));
  }
  if (sort === "order") return rows;
  const word = ({ pane, item }) => (sort === "name" ? pane.model.name(item) : pane.model.op(item));
  return [...rows].sort((a, b) => compareWords(word(a), word(b)));
}

function compareWords(one, other) {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
