// The legend: what the letters and colors mean, how many there are, and a filter by them.

Object.assign(Studio.prototype, {
  showLegend() {
    const legend = this.find(".legend");
    legend.replaceChildren();
    const counts = new Map();
    for (const pane of this.panes) {
      for (let item = 0; item < pane.model.count; item += 1) {
        const letter = this.letter(pane, item);
        counts.set(letter, (counts.get(letter) || 0) + 1);
      }
    }
    for (const mark of this.scene.marks[this.overlay]) {
      if (!counts.has(mark.letter)) continue;
      const entry = element("button", "entry");
      const badge = element("span", "badge", mark.sign || mark.letter);
      badge.style.background = mark.color;
      badge.style.color = this.theme.paint(mark.color).letter;
      entry.append(badge, element("span", "", mark.name),
        element("span", "count", counts.get(mark.letter).toLocaleString("en")));
      entry.dataset.letter = mark.letter;
      entry.setAttribute("aria-pressed", String(!this.hidden.has(mark.letter)));
      entry.title = "Click: dim or show. Double click: only this.";
      entry.addEventListener("click", () => this.filter(mark.letter));
      entry.addEventListener("dblclick", () => this.only(mark.letter));
      legend.append(entry);
    }
  },

  // Colors by an overlay, and dims all but one of its marks.
  showOnly(overlay, letter) {
    this.colorBy(overlay);
    this.only(letter);
  },

  filter(letter) {
    if (!this.hidden.delete(letter)) this.hidden.add(letter);
    this.showFilter();
  },

  only(letter) {
    this.hidden = new Set(this.scene.marks[this.overlay].map((mark) => mark.letter));
    this.hidden.delete(letter);
    this.showFilter();
  },

  showFilter() {
    for (const entry of this.find(".legend").children) {
      entry.setAttribute("aria-pressed", String(!this.hidden.has(entry.dataset.letter)));
    }
    this.restyle();
    this.list.fill();
    this.changed();
  },
});
