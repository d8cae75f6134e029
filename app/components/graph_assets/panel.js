// The details of what is selected. Everything is set as text: names come from models.

function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== "") made.textContent = text;
  return made;
}

class Panel {
  constructor(root, studio) {
    this.root = root;
    this.studio = studio;
  }

  show(pane, item) {
    const { root } = this;
    root.replaceChildren();
    root.scrollTop = 0;
    if (!pane || item < 0) {
      this.hint();
    } else if (pane.model.isBox(item)) {
      this.box(pane, item);
    } else {
      this.vertex(pane, item);
    }
  }

  hint() {
    this.root.append(element("h3", "", "Nothing selected"));
    this.root.append(element("p", "muted", "Click a node for its details. Shift and click a second one for the paths between them. Click + on a box to open it."));
  }

  heading(pane, item, title, subtitle) {
    const head = element("div", "head");
    if (!pane.model.isBox(item)) head.append(this.badge("side", pane.model.side(item)));
    const texts = element("div");
    texts.append(element("h3", "", title));
    texts.append(element("div", "name", subtitle));
    head.append(texts);
    this.root.append(head);
  }

  badge(overlay, letter) {
    const { theme } = this.studio;
    const mark = theme.mark(overlay, letter);
    const badge = element("span", "badge", mark.letter || "?");
    badge.style.background = mark.color;
    badge.style.color = theme.paint(mark.color).letter;
    return badge;
  }

  box(pane, item) {
    const { model } = pane;
    const members = model.under(item);
    this.heading(pane, item, model.name(item), `${members.length.toLocaleString("en")} nodes`);
    const open = pane.folding.open.has(item);
    this.buttons([[open ? "Close" : "Open", () => pane.toggle(item) || this.show(pane, item)],
      ["Fit", () => pane.fit([item])]]);
    this.section("Sides", this.studio.bar(pane, item, "side").map(({ letter, count }) => [
      this.studio.theme.mark("side", letter).name, count.toLocaleString("en"), letter]));
    const ops = new Map();
    for (const member of members) ops.set(model.op(member), (ops.get(model.op(member)) || 0) + 1);
    const sorted = [...ops].sort((a, b) => b[1] - a[1]).slice(0, 20);
    this.section("Operators", sorted.map(([op, count]) => [op, count.toLocaleString("en")]));
    const work = members.reduce((sum, member) => sum + model.data.flops[member], 0);
    const time = members.reduce((sum, member) => sum + (model.data.times[member] || 0), 0);
    this.section("Work", [
      ...(work ? [[this.perRequest(), figure(work)]] : []),
      ...(time ? [[this.timePerRequest(), duration(time)]] : []),
    ]);
  }

  vertex(pane, item) {
    const { model } = pane;
    const details = model.data.details[item];
    this.heading(pane, item, model.op(item), model.name(item));
    this.traces(pane, item);
    const facts = [];
    const side = this.studio.theme.mark("side", model.side(item));
    facts.push(["Side", side.name]);
    if (details.roles) facts.push(["Reached by", details.roles]);
    if (details.axis !== undefined) facts.push(["Candidate axis", String(details.axis)]);
    const change = model.change(item);
    if (change) facts.push(["Change", this.studio.theme.mark("change", change).name]);
    if (model.data.flops[item]) facts.push([this.perRequest(), figure(model.data.flops[item])]);
    if (model.data.times[item]) facts.push([this.timePerRequest(), duration(model.data.times[item])]);
    if (details.scope) facts.push(["Module", details.scope]);
    if (details.domain) facts.push(["Domain", details.domain]);
    this.section("", facts);
    this.decision(pane, item);
    this.partners(pane, item);
    this.tensors("Takes", details.takes);
    this.tensors("Makes", details.makes);
    this.section("Attributes", details.attributes);
  }

  perRequest() {
    return `FLOPs at ${this.studio.scene.candidates.toLocaleString("en")} candidates`;
  }

  timePerRequest() {
    return `Time at ${this.studio.scene.candidates.toLocaleString("en")} candidates`;
  }

  traces(pane, item) {
    const { model } = pane;
    const light = (items) => () => pane.studio.light(pane, items);
    this.buttons([
      ["Upstream", light(() => model.reach([item], model.before))],
      ["Downstream", light(() => model.reach([item], model.after))],
      ["Neighbors", light(() => new Set([item, ...model.before[item], ...model.after[item]]))],
    ]);
  }

  decision(pane, item) {
    const at = pane.model.decision.get(item);
    if (at === undefined) return;
    const decision = this.studio.scene.decisions[at];
    const part = element("section", "decision");
    const head = element("h4");
    head.append(this.badge("decision", decision.action[0].toUpperCase()), ` ${decision.action}`);
    part.append(head, element("p", "", decision.reason));
    part.append(this.table([["Before", decision.before], ["After", decision.after]]));
    if (decision.new.length && !this.studio.partners(pane, item).items.length) {
      part.append(this.table(decision.new.map((name) => ["New node", name])));
    }
    this.root.append(part);
  }

  // What the selected vertex became, or what it was made from, in the other pane.
  partners(pane, item) {
    const others = this.studio.partners(pane, item);
    if (!others.items.length) {
      const { sources } = pane.model.data.details[item];
      if (sources) this.section("Made from", sources.map((name) => [name, ""]));
      return;
    }
    const part = element("section");
    part.append(element("h4", "", pane === this.studio.panes[0] ? "Became" : "Made from"));
    for (const other of others.items.slice(0, 40)) {
      const link = element("button", "jump", `${others.pane.model.op(other)}  ${others.pane.model.name(other)}`);
      link.addEventListener("click", () => {
        this.studio.select(others.pane, other);
        others.pane.reveal([other]);
      });
      part.append(link);
    }
    this.root.append(part);
  }

  section(title, rows) {
    if (!rows || !rows.length) return;
    const part = element("section");
    if (title) part.append(element("h4", "", title));
    part.append(this.table(rows));
    this.root.append(part);
  }

  tensors(title, rows) {
    if (!rows || !rows.length) return;
    const part = element("section");
    part.append(element("h4", "", title));
    for (const [name, type, letter] of rows) {
      const line = element("div", "tensor");
      if (letter === "W") line.append(element("span", "badge weight", "W"));
      else if (letter) line.append(this.badge("side", letter));
      const texts = element("div");
      texts.append(element("div", "name", name), element("div", "muted", type));
      line.append(texts);
      part.append(line);
    }
    this.root.append(part);
  }

  table(rows) {
    const table = element("table");
    for (const [key, value, letter] of rows) {
      const row = element("tr");
      row.append(element("th", "", key));
      const cell = element("td", "", value);
      if (letter) cell.prepend(this.badge("side", letter), " ");
      row.append(cell);
      table.append(row);
    }
    return table;
  }

  buttons(entries) {
    const line = element("div", "buttons");
    for (const [text, action] of entries) {
      const button = element("button", "", text);
      button.addEventListener("click", action);
      line.append(button);
    }
    this.root.append(line);
  }
}

// Three digits and a prefix: 1.23 MFLOP.
function figure(number) {
  let value = number;
  let prefix = "";
  for (const next of ["k", "M", "G", "T", "P"]) {
    if (value < 999.5) break;
    value /= 1000;
    prefix = next;
  }
  return `${Number(value.toPrecision(3))} ${prefix}FLOP`;
}

// Microseconds in the unit that fits.
function duration(time) {
  if (time >= 1000) return `${Number((time / 1000).toPrecision(3))} ms`;
  return `${Number(time.toPrecision(3))} µs`;
}
