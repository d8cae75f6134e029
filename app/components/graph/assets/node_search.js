// The vertices that the search finds, and which of them was jumped to.

import { grouped } from "./figures.js";

export class NodeSearch {
  #text = "";
  #panes = [];
  #matches = [];
  #at = -1;

  find(text, panes) {
    this.#text = text;
    this.#panes = panes;
    const rows = (pane) => pane.model.search(text.trim()).map((item) => ({ pane, item }));
    this.#matches = panes.flatMap(rows);
    this.#at = -1;
  }

  // What was found, as { pane, item }; all vertices where nothing was searched for.
  get rows() {
    if (this.#text.trim()) return this.#matches;
    return this.#panes.flatMap((pane) =>
      Array.from({ length: pane.model.count }, (_, item) => ({ pane, item })),
    );
  }

  // The next match (by = 1) or the previous one (by = -1), around the ends; undefined where none is.
  step(by) {
    const { length } = this.#matches;
    if (length) this.#at = stepAround(this.#at, by, length);
    return this.#matches[this.#at];
  }

  // "2 of 14 found"
  get summary() {
    if (!this.#text) return "";
    const place = this.#at >= 0 ? `${grouped(this.#at + 1)} of ` : "";
    return `${place}${grouped(this.#matches.length)} found`;
  }
}

// The next place of a ring; from -1, which is none, backward to the last one.
export function stepAround(at, by, length) {
  return at < 0 && by < 0 ? length - 1 : (at + by + length) % length;
}
