// By what the items are colored, and which of them are dimmed: what that changes elsewhere.

export class Coloring {
  #styles;
  #panes;
  #toolbar;
  #legend;
  #filtered;

  // `filtered()` is called when other items are dimmed, or all are colored otherwise.
  constructor({ styles, panes, toolbar, legend }, filtered) {
    this.#styles = styles;
    this.#panes = panes;
    this.#toolbar = toolbar;
    this.#legend = legend;
    this.#filtered = filtered;
  }

  by(overlay) {
    this.#styles.colorBy(overlay);
    this.#toolbar.showOverlays(this.#styles);
    this.showLegend();
    this.#filtered();
  }

  only(overlay, letter) {
    this.by(overlay);
    this.#legend.only(letter);
  }

  showAll() {
    this.#styles.hidden.clear();
    this.showLegend();
    this.#filtered();
  }

  showLegend() {
    this.#legend.show(this.#panes.models);
  }
}
