// What became of each product, to step through.

import { DecisionOrder } from "./decision_order.js";
import { button, element, namedBadge } from "./dom.js";
import { figure, grouped, plural } from "./figures.js";
import { nodeLink } from "./node_link.js";
import { stepAround } from "./node_search.js";

const AROUND = 100; // entries before the current one that are in the page
const MOST_ENTRIES = 200;
const MOST_NEW = 40;
const HEAD_HEIGHT = 46;

export class DecisionsPanel {
  #root;
  #panes;
  #styles;
  #details;
  #navigation;
  #actions;
  #order = new DecisionOrder({ actions: "" }, 0);
  #step = -1;

  // `actions` holds showOnly(overlay, letter) and turn(): show this panel.
  constructor(root, { panes, styles, navigation, details }, actions) {
    this.#root = root;
    this.#panes = panes;
    this.#styles = styles;
    this.#navigation = navigation;
    this.#details = details;
    this.#actions = actions;
  }

  get size() {
    return this.#order.size;
  }

  load({ decisions, candidates }) {
    const isAsBefore = (index) => {
      const at = decisions.at[index];
      return at >= 0 && this.#panes.all[0].model.change(at) === "=";
    };
    this.#order = new DecisionOrder(decisions, candidates, isAsBefore);
    this.#step = -1;
    this.render();
  }

  stepBy(by) {
    if (this.size) this.#goTo(stepAround(this.#step, by, this.size));
  }

  // The selection is another, or its details have come.
  follow(vertex) {
    const index = vertex?.pane.model.decision.get(vertex.item);
    const step = this.#order.indices.indexOf(index);
    if (step >= 0) this.#step = step;
    if (!this.#root.hidden) this.render();
  }

  render() {
    const root = this.#root;
    if (!this.size) {
      root.replaceChildren(...noDecisions());
      return;
    }
    const { changed } = this.#order;
    root.replaceChildren(
      this.#stepper(),
      this.#key(),
      ...this.#part("Changed, the largest gain first", 0, changed),
      ...this.#part("The same work as before, the costliest first", changed, this.size),
      ...this.#countChanges(),
    );
    const chosen = root.querySelector(".entry-open");
    root.scrollTop = chosen ? chosen.offsetTop - root.offsetTop - HEAD_HEIGHT : 0;
  }

  #goTo(step) {
    this.#step = step;
    this.#actions.turn();
    const { pane, item } = this.#place(this.#order.indices[step]);
    if (item !== undefined) this.#navigation.goTo(pane, item);
    this.render();
  }

  // The product in the original graph; where it is not there, the first new node.
  #place(index) {
    const [left, right] = this.#panes.all;
    const { at, new: made } = this.#order.decisions;
    if (at[index] >= 0) return { pane: left, item: at[index] };
    return { pane: right, item: made[index][0] };
  }

  #stepper() {
    const head = element("div", "stepper");
    const place = this.#step >= 0 ? `${grouped(this.#step + 1)} of ` : "";
    head.append(
      this.#stepButton("◀", "Previous", "[", -1),
      element("span", "step", `${place}${plural(this.size, "decision")}`),
      this.#stepButton("▶", "Next", "]", 1),
    );
    return head;
  }

  // What the badges of the entries mean.
  #key() {
    const { theme } = this.#styles;
    const key = element("p", "key");
    const taken = new Set(this.#order.decisions.actions);
    for (const { letter, name } of theme.marks.decision.filter((mark) => taken.has(mark.letter))) {
      const entry = element("span", "marked");
      entry.append(namedBadge(theme, "decision", letter), name.split(":")[0]);
      key.append(entry);
    }
    return key;
  }

  #stepButton(sign, word, key, by) {
    const made = button(sign, () => this.stepBy(by));
    made.title = `${word} ( ${key} )`;
    made.setAttribute("aria-label", `${word} decision`);
    return made;
  }

  // Of thousands of decisions only those around the current one are in the page.
  #part(title, first, last) {
    if (first === last) return [];
    const from = Math.max(0, this.#step - AROUND);
    const low = Math.max(first, from);
    const high = Math.min(last, from + MOST_ENTRIES);
    const parts = [element("h4", "", `${title} (${grouped(last - first)})`)];
    const leave = (count, word) => {
      if (count > 0) parts.push(element("p", "muted", `${grouped(count)} more ${word}`));
    };
    leave(Math.min(low, last) - first, "before these");
    for (let step = low; step < high; step += 1) parts.push(this.#entry(step));
    leave(last - Math.max(high, first), "after these");
    return parts;
  }

  #entry(step) {
    const index = this.#order.indices[step];
    const line = this.#line(step, index);
    if (step !== this.#step) return line;
    line.setAttribute("aria-current", "true");
    const at = this.#order.decisions.at[index];
    const details = this.#panes.all[0].model.details.get(at);
    const open = element("div", "entry-open");
    open.append(line, this.#details.describe(index, details), this.#newNodes(index));
    return open;
  }

  #line(step, index) {
    const { theme } = this.#styles;
    const { model } = this.#panes.all[0];
    const { actions, at } = this.#order.decisions;
    const changed = step < this.#order.changed;
    const found = at[index] >= 0;
    const [before, after] = [this.#order.before(index), this.#order.after(index)];
    const cost = changed
      ? `${figure(before)} → ${figure(after)} at ${plural(this.#order.candidates, "candidate")}`
      : figure(before);
    const texts = element("span", "texts");
    texts.append(
      element("b", "", found ? model.op(at[index]) : "product"),
      element("span", "name", found ? model.name(at[index]) : ""),
      this.#gauge(before, after),
      element("span", "muted", cost),
    );
    const line = button("", () => this.#goTo(step), "change");
    line.append(namedBadge(theme, "decision", actions[index]), texts);
    return line;
  }

  #gauge(before, after) {
    const bar = element("span", "gauge");
    for (const [amount, name] of [
      [before, "was"],
      [after, "is"],
    ]) {
      const part = element("span", name);
      part.style.width = `${Math.max(amount ? 1 : 0, (100 * amount) / this.#order.most)}%`;
      bar.append(part);
    }
    return bar;
  }

  #newNodes(index) {
    const part = element("section");
    const made = this.#order.decisions.new[index];
    const [, right] = this.#panes.all;
    if (!made.length || !right) return part;
    part.append(element("h4", "", `New nodes (${made.length})`));
    for (const item of made.slice(0, MOST_NEW)) {
      part.append(nodeLink(this.#styles.theme, right, item, this.#navigation));
    }
    return part;
  }

  // What changed besides the products.
  #countChanges() {
    const { theme } = this.#styles;
    const letters = this.#panes.all.flatMap(({ model }) => [...model.data.changes]);
    const counts = new Map();
    for (const letter of letters) counts.set(letter, (counts.get(letter) || 0) + 1);
    const marks = theme.marks.change.filter(({ letter }) => counts.has(letter));
    if (!marks.length) return [];
    const lines = marks.map(({ letter, name }) => {
      const line = button("", () => this.#actions.showOnly("change", letter), "jump");
      line.append(
        namedBadge(theme, "change", letter),
        element("span", "texts", name),
        element("span", "count", grouped(counts.get(letter))),
      );
      return line;
    });
    return [element("h4", "", "All nodes, by what became of them"), ...lines];
  }
}

function noDecisions() {
  const text =
    "Confirm the labels: each product of the model then stands here, with what became of it and why.";
  return [element("h3", "", "No changes yet"), element("p", "muted", text)];
}
