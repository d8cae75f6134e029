// The tabs beside the graph: which one is shown.

import { button } from "./dom.js";

export const TABS = [
  ["details", "Details"],
  ["changes", "Changes"],
  ["nodes", "Nodes"],
];

const NARROW_PAGE = "(max-width: 1399px)"; // as in the style sheet

export class SideTabs {
  tab = "details";
  #side;
  #choices;

  // `turn(tab)` is called when a tab is clicked.
  constructor(side, turn) {
    this.#side = side;
    this.#choices = TABS.map(([tab, text]) => {
      const made = button(text, () => turn(tab));
      made.dataset.turn = tab;
      made.setAttribute("role", "tab");
      return made;
    });
    side.querySelector(".tabs").append(...this.#choices);
    this.attend(false);
  }

  place(tab) {
    return this.#side.querySelector(`[data-tab=${tab}]`);
  }

  show(tab) {
    this.tab = tab;
    for (const [each] of TABS) this.place(each).hidden = each !== tab;
    for (const choice of this.#choices) {
      choice.setAttribute("aria-selected", String(choice.dataset.turn === tab));
    }
  }

  toggle() {
    this.#side.classList.toggle("closed");
  }

  // Where it lies over the graph, it is shown as long as there is something to tell.
  attend(wanted) {
    if (matchMedia(NARROW_PAGE).matches) this.#side.classList.toggle("closed", !wanted);
  }
}
