// The details of what is selected: at once what the scene holds, the rest when Python answers.

import { histogram } from "./detail_charts.js";
import { button, element, fillSelect, namedBadge, table } from "./dom.js";
import { duration, figure, grouped, plural } from "./figures.js";
import { nodeLink } from "./node_link.js";

const MOST_ON_PATH = 300;
const MOST_PARTNERS = 40;
const MOST_OPERATORS = 20;
const AMOUNT_ROWS = [
  ["flops", "FLOPs", figure],
  ["times", "Time", duration],
  ["left", "FLOPs left to gain", figure],
];
const HOW_TO =
  "Click a node for its details; shift and click a second one for the paths between them. " +
  "The + on a box opens it.";
const ONE_GRAPH =
  "Colored by the labels as they stand. Once they are confirmed, the rewritten graph stands " +
  "beside this one.";
const TWO_GRAPHS =
  "Left, dashed and hatched: what is replaced or gone. Right, with a plus: what is new. " +
  "A selected node is linked to what it became, or was made from.";

export class InfoPanel {
  #root;
  #panes;
  #styles;
  #selection;
  #details;
  #navigation;
  #clear;
  #candidates = 0;

  constructor(root, { panes, styles, selection, navigation, details }, clear) {
    this.#root = root;
    this.#panes = panes;
    this.#styles = styles;
    this.#selection = selection;
    this.#navigation = navigation;
    this.#details = details;
    this.#clear = clear;
  }

  load({ candidates }) {
    this.#candidates = candidates;
  }

  // What is selected now.
  show() {
    const { pane, item } = this.#selection.current || {};
    this.#root.scrollTop = 0;
    if (!pane) this.#root.replaceChildren(...this.#hint());
    else if (pane.model.isBox(item)) this.#root.replaceChildren(...this.#box(pane, item));
    else this.#root.replaceChildren(...this.#vertex(pane, item));
  }

  // The vertices on the way from one to the other, in the order of the flow.
  showPaths(pane, one, other, items) {
    const { theme } = this.#styles;
    const title = items.size ? `${plural(items.size, "node")} on the way` : "No way";
    const ends = `${pane.model.name(one)} → ${pane.model.name(other)}`;
    const inOrder = [...items].sort((a, b) => a - b).slice(0, MOST_ON_PATH);
    this.#root.replaceChildren(
      element("h3", "", title),
      element("p", "name", ends),
      ...(items.size ? [] : [element("p", "muted", "Neither leads to the other.")]),
      ...inOrder.map((item) => nodeLink(theme, pane, item, this.#navigation)),
      button("Done (Esc)", this.#clear, "wide"),
    );
  }

  #hint() {
    const { alone, active } = this.#panes;
    return [
      element("h3", "", "Nothing selected"),
      element("p", "muted", HOW_TO),
      element("p", "muted", alone ? ONE_GRAPH : TWO_GRAPHS),
      ...(active ? [this.#pathChoice(active)] : []),
    ];
  }

  // An input and an output to choose, and a button that shows the paths between them.
  #pathChoice(pane) {
    const { model } = pane;
    const pick = (kind, label) => {
      const select = element("select", "wide");
      select.setAttribute("aria-label", label);
      fillSelect(
        select,
        model.ofKind(kind).map((item) => [item, model.name(item)]),
      );
      return select;
    };
    const from = pick("i", "From this input");
    const to = pick("o", "To this output");
    const trace = () => this.#navigation.tracePath(pane, Number(from.value), Number(to.value));
    const part = element("section");
    part.append(element("h4", "", "Paths from an input to an output"), from, to);
    part.append(button("Show the paths", trace, "wide"));
    return part;
  }

  // -- a box

  #box(pane, box) {
    const { model } = pane;
    const members = model.under(box);
    const toggle = () => {
      pane.toggle(box);
      this.show();
    };
    const buttons = [
      [pane.folding.isOpen(box) ? "Close" : "Open", toggle],
      ["Fit", () => pane.viewport.fit([box])],
    ];
    return [
      heading(model.name(box), plural(members.length, "node")),
      buttonLine(buttons),
      ...section("Sides", this.#shares(model, box, "side")),
      ...(model.data.changes ? section("Changes", this.#shares(model, box, "change")) : []),
      ...section("Work", this.#work(model, members)),
      ...section("Operators", countOperators(model, members)),
    ];
  }

  #shares(model, box, overlay) {
    return this.#styles
      .bar(model, box, overlay)
      .map(({ letter, count }) => [this.#marked(overlay, letter), grouped(count)]);
  }

  #work(model, members) {
    const total = (column) =>
      members.reduce((sum, member) => sum + (model.data[column][member] || 0), 0);
    return this.#amounts(AMOUNT_ROWS.slice(0, 2), total);
  }

  #amounts(rows, amountOf) {
    return rows
      .filter(([column]) => amountOf(column))
      .map(([column, text, write]) => [this.#atCandidates(text), write(amountOf(column))]);
  }

  #atCandidates(what) {
    return `${what} at ${plural(this.#candidates, "candidate")}`;
  }

  #marked(overlay, letter) {
    const { theme } = this.#styles;
    const line = element("span", "marked");
    line.append(namedBadge(theme, overlay, letter), theme.mark(overlay, letter).name);
    return line;
  }

  // -- a vertex

  #vertex(pane, item) {
    const { model } = pane;
    const details = model.details.get(item);
    const letter = namedBadge(this.#styles.theme, "side", model.side(item));
    const at = model.decision.get(item);
    return [
      heading(...model.titles(item), letter),
      this.#ways(pane, item),
      ...section("", this.#facts(model, item, details)),
      ...(at === undefined ? [] : [this.#details.describe(at, details)]),
      ...section("Measured by running it", details?.meter),
      ...this.#partners(pane, item, details),
      ...this.#tensorParts(details),
    ];
  }

  #facts(model, item, details) {
    const change = model.change(item);
    const told = [
      ["Side", this.#styles.theme.mark("side", model.side(item)).name],
      ["Reached by", details?.roles],
      ["Candidate axis", details?.axis === undefined ? "" : String(details.axis)],
      ["Change", change && this.#marked("change", change)],
      ...this.#amounts(AMOUNT_ROWS, (column) => model.data[column][item]),
      ["Module", details?.scope],
      ["Domain", details?.domain],
    ];
    return told.filter(([, value]) => value);
  }

  #ways(pane, item) {
    const { model } = pane;
    const navigation = this.#navigation;
    const started = Boolean(this.#selection.pathStart);
    return buttonLine([
      ["Upstream", () => navigation.light(pane, model.reach([item], model.before), "u")],
      ["Downstream", () => navigation.light(pane, model.reach([item], model.after), "d")],
      ["Neighbors", () => navigation.widen({ pane, item })],
      [
        started ? "Paths: choose the end" : "Paths to …",
        () => navigation.startPath({ pane, item }),
      ],
    ]);
  }

  // What the vertex became, or what it was made from, in the other pane.
  #partners(pane, item, details) {
    const others = this.#panes.partners(pane, item);
    if (!others.items.length) {
      return section(
        "Made from",
        details?.sources?.map((name) => [name, ""]),
      );
    }
    const title = pane === this.#panes.all[0] ? "Became" : "Made from";
    const links = others.items
      .slice(0, MOST_PARTNERS)
      .map((other) => nodeLink(this.#styles.theme, others.pane, other, this.#navigation));
    return [titled(title, links)];
  }

  #tensorParts(details) {
    if (!details) return [element("p", "muted waiting", "Reading shapes and weights …")];
    return [
      ...this.#tensors("Takes", details.takes, details.weights),
      ...this.#tensors("Makes", details.makes),
      ...section("Attributes", details.attributes),
    ];
  }

  #tensors(title, rows, weights = []) {
    if (!rows?.length) return [];
    const held = new Map(weights.map((weight) => [weight.name, weight]));
    const lines = rows.map(([name, type, letter]) => {
      const line = element("div", "tensor");
      if (letter === "W") line.append(weightBadge());
      else if (letter) line.append(namedBadge(this.#styles.theme, "side", letter));
      const texts = element("div", "texts");
      texts.append(element("div", "name", name), element("div", "muted", type));
      texts.append(...describeWeight(held.get(name)));
      line.append(texts);
      return line;
    });
    return [titled(title, lines)];
  }
}

function weightBadge() {
  const badge = element("span", "badge weight", "W");
  badge.title = "weight";
  return badge;
}

function heading(title, subtitle, letter = "") {
  const head = element("div", "head");
  const texts = element("div");
  texts.append(element("h3", "", title), element("div", "name", subtitle));
  head.append(letter, texts);
  return head;
}

function titled(title, lines) {
  const part = element("section");
  if (title) part.append(element("h4", "", title));
  part.append(...lines);
  return part;
}

function section(title, rows) {
  return rows?.length ? [titled(title, [table(rows)])] : [];
}

function buttonLine(entries) {
  const line = element("div", "buttons");
  for (const [text, action] of entries) line.append(button(text, action));
  return line;
}

function countOperators(model, members) {
  const counts = new Map();
  for (const member of members)
    counts.set(model.op(member), (counts.get(model.op(member)) || 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST_OPERATORS)
    .map(([op, count]) => [op, grouped(count)]);
}

// What a constant holds: why it cannot be read, its few values, or their distribution.
function describeWeight(weight) {
  const parts = [];
  if (weight?.error) parts.push(element("div", "muted", weight.error));
  if (weight?.values?.length) parts.push(element("div", "name", `[${weight.values.join(", ")}]`));
  if (weight?.counts?.length) parts.push(histogram(weight), table(weight.facts));
  return parts;
}
