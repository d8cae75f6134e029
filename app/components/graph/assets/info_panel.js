// The details of what is selected: at once what the scene holds, the rest as soon as Python answers.

class Panel {
  constructor(root, studio) {
    this.root = root;
    this.studio = studio;
  }

  show(pane, item) {
    const { root } = this;
    root.replaceChildren();
    root.scrollTop = 0;
    if (!pane || item < 0) this.hint();
    else if (pane.model.isBox(item)) this.box(pane, item);
    else this.vertex(pane, item);
  }

  hint() {
    const { root, studio } = this;
    root.append(element("h3", "", "Nothing selected"));
    root.append(element("p", "muted", "Click a node for its details; shift and click a second one for the paths between them. The + on a box opens it."));
    if (studio.panes.length === 1) {
      root.append(element("p", "muted", "Colored by the labels as they stand. Once they are confirmed, the rewritten graph stands beside this one."));
    } else {
      root.append(element("p", "muted", "Left, dashed and hatched: what is replaced or gone. Right, with a plus: what is new. A selected node is linked to what it became, or was made from."));
    }
    if (studio.active) this.journey(studio.active);
  }

  // Choices of an input and an output, and the way between them.
  journey(pane) {
    const { model } = pane;
    const part = element("section");
    part.append(element("h4", "", "Paths from an input to an output"));
    const pick = (kind, label) => {
      const select = element("select", "wide");
      select.setAttribute("aria-label", label);
      for (const item of model.ofKind(kind)) {
        const option = element("option", "", model.name(item));
        option.value = item;
        select.append(option);
      }
      part.append(select);
      return select;
    };
    const from = pick("i", "From this input");
    const to = pick("o", "To this output");
    part.append(button("Show the paths", () => this.studio.tracePath(pane, Number(from.value), Number(to.value)), "wide"));
    this.root.append(part);
  }

  // The vertices on the way, in the order of the flow.
  paths(pane, one, other, items) {
    const { root, studio } = this;
    root.replaceChildren();
    root.append(element("h3", "", items.size ? `${plural(items.size, "node")} on the way` : "No way"));
    root.append(element("p", "name", `${pane.model.name(one)} → ${pane.model.name(other)}`));
    if (!items.size) root.append(element("p", "muted", "Neither leads to the other."));
    for (const item of [...items].sort((a, b) => a - b).slice(0, 300)) root.append(this.jump(pane, item));
    root.append(button("Done (Esc)", () => studio.clear(), "wide"));
  }

  jump(pane, item) {
    const { model } = pane;
    const link = button("", () => this.studio.goTo(pane, item), "jump");
    const texts = element("span", "texts");
    texts.append(element("b", "", model.data.kinds[item] === "n" ? model.op(item) : model.name(item)));
    if (model.data.kinds[item] === "n") texts.append(element("span", "name", model.name(item)));
    link.append(this.badge("side", model.side(item)), texts);
    return link;
  }

  heading(pane, item, title, subtitle) {
    const head = element("div", "head");
    if (!pane.model.isBox(item)) head.append(this.badge("side", pane.model.side(item)));
    const texts = element("div");
    texts.append(element("h3", "", title), element("div", "name", subtitle));
    head.append(texts);
    this.root.append(head);
  }

  badge(overlay, letter) {
    const { theme } = this.studio;
    const mark = theme.mark(overlay, letter);
    const badge = element("span", "badge", mark.sign || mark.letter || "?");
    badge.style.background = mark.color;
    badge.style.color = theme.paint(mark.color).letter;
    badge.title = mark.name;
    return badge;
  }

  marked(overlay, letter) {
    const line = element("span", "marked");
    line.append(this.badge(overlay, letter), this.studio.theme.mark(overlay, letter).name);
    return line;
  }

  box(pane, item) {
    const { model } = pane;
    const members = model.under(item);
    this.heading(pane, item, model.name(item), plural(members.length, "node"));
    const open = pane.folding.open.has(item);
    this.buttons([[open ? "Close" : "Open", () => { pane.toggle(item); this.show(pane, item); }],
      ["Fit", () => pane.fit([item])]]);
    this.section("Sides", this.studio.bar(pane, item, "side").map(({ letter, count }) => [
      this.marked("side", letter), count.toLocaleString("en")]));
    if (model.data.changes) {
      this.section("Changes", this.studio.bar(pane, item, "change").map(({ letter, count }) => [
        this.marked("change", letter), count.toLocaleString("en")]));
    }
    const total = (column) => members.reduce((sum, member) => sum + (model.data[column][member] || 0), 0);
    const [flops, time] = [total("flops"), total("times")];
    this.section("Work", [...(flops ? [[this.atCandidates("FLOPs"), figure(flops)]] : []),
      ...(time ? [[this.atCandidates("Time"), duration(time)]] : [])]);
    const ops = new Map();
    for (const member of members) ops.set(model.op(member), (ops.get(model.op(member)) || 0) + 1);
    const sorted = [...ops].sort((a, b) => b[1] - a[1]).slice(0, 20);
    this.section("Operators", sorted.map(([op, count]) => [op, count.toLocaleString("en")]));
  }

  vertex(pane, item) {
    const { model } = pane;
    const details = model.details.get(item);
    this.heading(pane, item, model.data.kinds[item] === "n" ? model.op(item) : model.name(item),
      model.data.kinds[item] === "n" ? model.name(item) : model.op(item));
    this.traces(pane, item);
    const facts = [["Side", this.studio.theme.mark("side", model.side(item)).name]];
    if (details?.roles) facts.push(["Reached by", details.roles]);
    if (details?.axis !== undefined) facts.push(["Candidate axis", String(details.axis)]);
    const change = model.change(item);
    if (change) facts.push(["Change", this.marked("change", change)]);
    for (const [column, text, write] of [["flops", "FLOPs", figure], ["times", "Time", duration], ["left", "FLOPs left to gain", figure]]) {
      const amount = model.data[column][item];
      if (amount) facts.push([this.atCandidates(text), write(amount)]);
    }
    if (details?.scope) facts.push(["Module", details.scope]);
    if (details?.domain) facts.push(["Domain", details.domain]);
    this.section("", facts);
    const at = model.decision.get(item);
    if (at !== undefined) this.root.append(this.studio.changes.ruling(at, details));
    this.section("Measured by running it", details?.meter);
    this.partners(pane, item, details);
    if (!details) {
      this.root.append(element("p", "muted waiting", "Reading shapes and weights …"));
      return;
    }
    this.tensors("Takes", details.takes, details.weights);
    this.tensors("Makes", details.makes);
    this.section("Attributes", details.attributes);
  }

  atCandidates(what) {
    return `${what} at ${plural(this.studio.scene.candidates, "candidate")}`;
  }

  traces(pane, item) {
    const { studio } = this;
    const { model } = pane;
    this.buttons([
      ["Upstream", () => studio.light(pane, model.reach([item], model.before), "u")],
      ["Downstream", () => studio.light(pane, model.reach([item], model.after), "d")],
      ["Neighbors", () => studio.widen(pane, item)],
      [studio.start ? "Paths: choose the end" : "Paths to …", () => studio.startPath(pane, item)],
    ]);
  }

  // What the selected vertex became, or what it was made from, in the other pane.
  partners(pane, item, details) {
    const others = this.studio.partners(pane, item);
    if (!others.items.length) {
      if (details?.sources) this.section("Made from", details.sources.map((name) => [name, ""]));
      return;
    }
    const part = element("section");
    part.append(element("h4", "", pane === this.studio.panes[0] ? "Became" : "Made from"));
    for (const other of others.items.slice(0, 40)) part.append(this.jump(others.pane, other));
    this.root.append(part);
  }

  section(title, rows) {
    if (!rows || !rows.length) return;
    const part = element("section");
    if (title) part.append(element("h4", "", title));
    part.append(table(rows));
    this.root.append(part);
  }

  tensors(title, rows, weights = []) {
    if (!rows || !rows.length) return;
    const held = new Map(weights.map((weight) => [weight.name, weight]));
    const part = element("section");
    part.append(element("h4", "", title));
    for (const [name, type, letter] of rows) {
      const line = element("div", "tensor");
      if (letter === "W") line.append(element("span", "badge weight", "W"));
      else if (letter) line.append(this.badge("side", letter));
      const texts = element("div", "texts");
      texts.append(element("div", "name", name), element("div", "muted", type));
      if (held.has(name)) this.weight(texts, held.get(name));
      line.append(texts);
      part.append(line);
    }
    this.root.append(part);
  }

  weight(place, weight) {
    if (weight.error) place.append(element("div", "muted", weight.error));
    if (weight.values?.length) place.append(element("div", "name", `[${weight.values.join(", ")}]`));
    if (weight.counts?.length) place.append(histogram(weight), table(weight.facts));
  }

  buttons(entries) {
    const line = element("div", "buttons");
    for (const [text, action] of entries) line.append(button(text, action));
    this.root.append(line);
  }
}
