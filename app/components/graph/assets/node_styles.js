// What an item looks like under the current overlay: color, letter, texts, whether it is dim.

const AMOUNTS = { flops: "flops", time: "times", left: "left" };

Object.assign(Studio.prototype, {
  fillOverlays() {
    const select = this.find(".overlay");
    const wanted = [["side", "side"]];
    if (this.panes.some(({ model }) => model.data.changes)) {
      wanted[this.panes.length > 1 ? "unshift" : "push"](["change", "change"]);
    }
    if (this.scene.decisions.actions.length) wanted.push(["decision", "decision"]);
    this.most = {};
    for (const [column, overlay, text] of [["flops", "flops", "FLOPs"], ["times", "time", "measured time"], ["left", "left", "FLOPs left to gain"]]) {
      const most = Math.max(...this.panes.map(({ model }) => model.data[column].reduce((a, b) => Math.max(a, b), 0)));
      if (most) wanted.push([overlay, text]);
      this.most[overlay] = most;
    }
    select.replaceChildren(...wanted.map(([value, text]) => {
      const option = element("option", "", text);
      option.value = value;
      return option;
    }));
    select.value = wanted.some(([value]) => value === this.wished) ? this.wished : wanted[0][0];
    this.overlay = select.value;
  },

  // The letter of a vertex under the current overlay: the key into legend and colors.
  letter(pane, item, overlay = this.overlay) {
    const { model } = pane;
    if (overlay === "side") return model.side(item);
    if (overlay === "change") return model.change(item);
    if (overlay === "decision") {
      const at = model.decision.get(item);
      return at === undefined ? "·" : this.scene.decisions.actions[at];
    }
    const amount = model.data[AMOUNTS[overlay]][item];
    if (!amount) return "0";
    return String(Math.max(1, 4 - Math.floor(Math.log10(this.most[overlay] / amount))));
  },

  look(pane, item) {
    const { model } = pane;
    const base = { dim: this.isDim(pane, item), title: model.label(item) };
    if (model.isBox(item)) {
      const members = model.under(item).length.toLocaleString("en");
      const bar = this.bar(pane, item, this.overlay);
      const [most] = [...bar].sort((a, b) => b.count - a.count);
      return { ...base, subtitle: `${members} nodes`, bar, depth: model.depth[item],
        color: most.color, letter: most.letter, side: "" };
    }
    const letter = this.letter(pane, item);
    const mark = this.theme.mark(this.overlay, letter);
    const own = this.overlay === "change" ? model.side(item) : letter;
    const isNode = model.data.kinds[item] === "n";
    return { ...base, color: mark.color, letter: AMOUNTS[this.overlay] ? model.side(item) : own,
      side: model.side(item), title: isNode ? model.op(item) : model.label(item),
      subtitle: isNode ? model.label(item) : model.op(item),
      dashed: model.side(item) === "K" || letter === "x" || letter === "-",
      hatched: this.overlay === "change" && (letter === "x" || letter === "-"),
      fresh: this.overlay === "change" && letter === "+",
      sign: this.overlay === "change" && letter !== "=" ? mark.sign : "" };
  },

  bar(pane, box, overlay) {
    const counts = new Map();
    const members = pane.model.under(box);
    for (const member of members) {
      const letter = this.letter(pane, member, overlay);
      counts.set(letter, (counts.get(letter) || 0) + 1);
    }
    return this.scene.marks[overlay].filter(({ letter }) => counts.has(letter)).map((mark) => ({
      ...mark, count: counts.get(mark.letter), share: counts.get(mark.letter) / members.length,
      text: mark.sign || mark.letter }));
  },

  isDim(pane, item) {
    const under = pane.model.under(item);
    if (pane.lit && !under.some((member) => pane.lit.has(member))) return true;
    return this.hidden.size > 0
      && under.every((member) => this.hidden.has(this.letter(pane, member)));
  },
});
