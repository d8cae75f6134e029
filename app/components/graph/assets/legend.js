// What the letters and colors mean, how many there are, and a filter by them; behind it the letters
// that nodes carry besides.

import { badge, element } from "./dom.js";
import { grouped } from "./figures.js";

export class Legend {
  marks = []; // those that occur under the current overlay
  besides = []; // those of the sides, where nodes are colored by something else
  #root;
  #styles;
  #filtered;

  // `filtered()` is called when what is hidden has changed.
  constructor(root, styles, filtered) {
    this.#root = root;
    this.#styles = styles;
    this.#filtered = filtered;
  }

  show(models) {
    const { theme, overlay, lettersAreSides } = this.#styles;
    const counts = this.#count(models, overlay);
    this.marks = theme.marks[overlay].filter(({ letter }) => counts.has(letter));
    const sides = lettersAreSides ? this.#count(models, "side") : new Map();
    this.besides = theme.marks.side.filter(({ letter }) => sides.has(letter));
    this.#root.replaceChildren(
      ...this.marks.map((mark) => this.#entry(mark, counts.get(mark.letter))),
      ...this.besides.map((mark) => this.#note(mark)),
    );
  }

  #count(models, overlay) {
    const counts = new Map();
    for (const model of models) {
      const items = Array.from({ length: model.count }, (_, item) => item);
      for (const [letter, count] of this.#styles.countLetters(model, items, overlay)) {
        counts.set(letter, (counts.get(letter) || 0) + count);
      }
    }
    return counts;
  }

  #note({ letter, name }) {
    const note = element("span", "note");
    note.append(element("b", "letter", letter), nameOf(name));
    note.title = name;
    return note;
  }

  // Dims all but one mark.
  only(letter) {
    const { theme, overlay, hidden } = this.#styles;
    hidden.clear();
    for (const mark of theme.marks[overlay]) hidden.add(mark.letter);
    hidden.delete(letter);
    this.#showFilter();
  }

  #entry(mark, count) {
    const entry = element("button", "entry");
    entry.append(
      badge(this.#styles.theme, mark),
      element("span", "", mark.name),
      element("span", "count", grouped(count)),
    );
    entry.dataset.letter = mark.letter;
    entry.setAttribute("aria-pressed", String(!this.#styles.hidden.has(mark.letter)));
    entry.title = "Click: dim or show. Double click: only this.";
    entry.addEventListener("click", () => this.#toggle(mark.letter));
    entry.addEventListener("dblclick", () => this.only(mark.letter));
    return entry;
  }

  #toggle(letter) {
    const { hidden } = this.#styles;
    if (!hidden.delete(letter)) hidden.add(letter);
    this.#showFilter();
  }

  #showFilter() {
    for (const entry of this.#root.querySelectorAll(".entry")) {
      const shown = !this.#styles.hidden.has(entry.dataset.letter);
      entry.setAttribute("aria-pressed", String(shown));
    }
    this.#filtered();
  }
}

// "request side" of "request side, once per request".
function nameOf(name) {
  return name.split(",")[0];
}
