// What became of each product, to step through: the largest gains first, then what was kept.

class Changes {
  constructor(root, studio) {
    this.root = root;
    this.studio = studio;
    this.order = [];
    this.step = -1;
  }

  load({ decisions, candidates }) {
    const all = [...decisions.actions].map((letter, index) => ({ letter, index }));
    const at = ([request, candidate]) => request + candidate * candidates;
    this.decisions = decisions;
    this.cost = (index, column) => at(decisions[column][index]);
    this.saved = (index) => this.cost(index, "before") - this.cost(index, "after");
    const changed = all.filter(({ letter }) => letter !== "K").sort((a, b) => this.saved(b.index) - this.saved(a.index));
    const kept = all.filter(({ letter }) => letter === "K")
      .sort((a, b) => this.cost(b.index, "before") - this.cost(a.index, "before"));
    this.order = [...changed, ...kept].map(({ index }) => index);
    this.changed = changed.length;
    this.step = -1;
    this.most = Math.max(1, ...this.order.slice(0, 2000).map((index) => this.cost(index, "before")));
    this.render();
  }

  get size() {
    return this.order.length;
  }

  stepBy(by) {
    if (!this.size) return;
    this.goTo(this.step < 0 && by < 0 ? this.size - 1 : (this.step + by + this.size) % this.size);
  }

  goTo(step) {
    this.step = step;
    const { studio } = this;
    const index = this.order[step];
    const [left, right] = studio.panes;
    const at = this.decisions.at[index];
    const pane = at >= 0 ? left : right;
    const item = at >= 0 ? at : this.decisions.new[index][0];
    studio.turnTo("changes");
    if (item !== undefined) studio.goTo(pane, item);
    this.render();
  }

  // The selected vertex is another, or its details have come.
  follow(selection) {
    const at = selection && !selection.pane.model.isBox(selection.item)
      ? selection.pane.model.decision.get(selection.item) : undefined;
    const step = at === undefined ? -1 : this.order.indexOf(at);
    if (step >= 0) this.step = step;
    if (!this.root.hidden) this.render();
  }

  render() {
    const { root } = this;
    root.replaceChildren();
    if (!this.size) {
      root.append(element("h3", "", "No changes yet"));
      root.append(element("p", "muted", "Confirm the labels: each product of the model then stands here, with what became of it and why."));
      return;
    }
    const head = element("div", "stepper");
    const back = button("◀", () => this.stepBy(-1));
    const on = button("▶", () => this.stepBy(1));
    back.title = "Previous ( [ )";
    on.title = "Next ( ] )";
    back.setAttribute("aria-label", "Previous decision");
    on.setAttribute("aria-label", "Next decision");
    const place = this.step >= 0 ? `${(this.step + 1).toLocaleString("en")} of ` : "";
    head.append(back, element("span", "step", `${place}${plural(this.size, "decision")}`), on);
    root.append(head);
    const window_ = this.around();
    this.part("Changed, the largest gain first", 0, this.changed, window_);
    this.part("Kept, the costliest first", this.changed, this.size, window_);
    this.others();
    const chosen = root.querySelector(".entry-open");
    root.scrollTop = chosen ? chosen.offsetTop - root.offsetTop - 46 : 0;
  }

  // Of thousands of decisions only those around the current one are in the page.
  around() {
    const from = Math.max(0, this.step - 100);
    return [from, Math.min(this.size, from + 200)];
  }

  part(title, first, last, [from, to]) {
    if (first === last) return;
    this.root.append(element("h4", "", `${title} (${(last - first).toLocaleString("en")})`));
    const [low, high] = [Math.max(first, from), Math.min(last, to)];
    const left = (count, word) => {
      if (count > 0) this.root.append(element("p", "muted", `${count.toLocaleString("en")} more ${word}`));
    };
    left(Math.min(low, last) - first, "before these");
    for (let step = low; step < high; step += 1) this.root.append(this.entry(step));
    left(last - Math.max(high, first), "after these");
  }

  entry(step) {
    const { studio } = this;
    const index = this.order[step];
    const letter = this.decisions.actions[index];
    const [left] = studio.panes;
    const at = this.decisions.at[index];
    const line = button("", () => this.goTo(step), "change");
    const texts = element("span", "texts");
    texts.append(element("b", "", at >= 0 ? left.model.op(at) : "product"),
      element("span", "name", at >= 0 ? left.model.name(at) : ""));
    const [before, after] = [this.cost(index, "before"), this.cost(index, "after")];
    const bar = element("span", "gauge");
    for (const [amount, name] of [[before, "was"], [after, "is"]]) {
      const part = element("span", name);
      part.style.width = `${Math.max(amount ? 1 : 0, (100 * amount) / this.most)}%`;
      bar.append(part);
    }
    texts.append(bar);
    texts.append(element("span", "muted", letter === "K" ? figure(before)
      : `${figure(before)} → ${figure(after)} at ${plural(studio.scene.candidates, "candidate")}`));
    line.append(studio.panel.badge("decision", letter), texts);
    if (step !== this.step) return line;
    line.setAttribute("aria-current", "true");
    const open = element("div", "entry-open");
    open.append(line, this.ruling(index, at >= 0 ? left.model.details.get(at) : undefined), this.fresh(index));
    return open;
  }

  // The decision in full: reason, FLOPs, and the slice of the weight that went where.
  ruling(index, details) {
    const { studio } = this;
    const part = element("section", "decision");
    const letter = this.decisions.actions[index];
    const head = element("h4");
    head.append(studio.panel.badge("decision", letter), ` ${studio.theme.mark("decision", letter).name}`);
    const { texts, codes } = this.decisions.reasons;
    part.append(head, element("p", "reason", texts[codes[index]]));
    part.append(table([["FLOPs before", work(this.decisions.before[index])], ["FLOPs after", work(this.decisions.after[index])]]));
    const slices = details?.slices;
    if (slices?.columns) {
      part.append(strips(slices, studio.theme));
      for (const [side, node, weight, type] of slices.weights) {
        const line = element("div", "tensor");
        const words = element("div", "texts");
        words.append(element("div", "name", `${weight} ${type}`), element("div", "muted", `weight of ${node}`));
        line.append(studio.panel.badge("side", side), words);
        part.append(line);
      }
    }
    return part;
  }

  fresh(index) {
    const part = element("section");
    const made = this.decisions.new[index];
    const [, right] = this.studio.panes;
    if (!made.length || !right) return part;
    part.append(element("h4", "", `New nodes (${made.length})`));
    for (const item of made.slice(0, 40)) part.append(this.studio.panel.jump(right, item));
    return part;
  }

  // What changed besides the products.
  others() {
    const { studio } = this;
    const counts = new Map();
    for (const pane of studio.panes) {
      for (const letter of pane.model.data.changes) counts.set(letter, (counts.get(letter) || 0) + 1);
    }
    const marks = studio.scene.marks.change.filter(({ letter }) => counts.has(letter));
    if (!marks.length) return;
    this.root.append(element("h4", "", "All nodes, by what became of them"));
    for (const mark of marks) {
      const line = button("", () => studio.showOnly("change", mark.letter), "jump");
      line.append(studio.panel.badge("change", mark.letter), element("span", "texts", mark.name),
        element("span", "count", counts.get(mark.letter).toLocaleString("en")));
      this.root.append(line);
    }
  }
}
