// The bar above the graph: search, what is shown and how, and the menu of what can be saved.

import { button, fillSelect } from "./dom.js";
import { SHOWS } from "./pane_set.js";

const SAID_FOR = 2500; // milliseconds
const MEASURES = { possible: "Measure nodes", busy: "Measuring …", done: "Nodes measured" };

export class Toolbar {
  #root;
  #find;
  #search;
  #matches;

  // `actions` holds what the buttons do by their data-do, and find(), leave(), jump(by),
  // colorBy(overlay), foldBy(fold) and view(show).
  constructor(root, actions) {
    this.#root = root;
    this.#find = (name) => root.querySelector(name);
    this.#search = this.#find(".search");
    this.#matches = this.#find(".matches");
    this.#bindButtons({ ...actions, fullScreen: () => toggleFullScreen(root, actions.fit) });
    this.#bindSearch(actions);
    const onChange = (name, act) =>
      this.#find(name).addEventListener("change", (event) => act(event.target.value));
    onChange(".overlay", actions.colorBy);
    onChange(".fold", actions.foldBy);
    for (const [show, text] of SHOWS) {
      const made = button(text, () => actions.view(show));
      made.dataset.show = show;
      this.#find(".views").append(made);
    }
  }

  // -- search

  get text() {
    return this.#search.value;
  }

  set text(text) {
    this.#search.value = text;
  }

  focusSearch() {
    this.#search.focus();
  }

  showMatches(text) {
    this.#matches.textContent = text;
  }

  // A word in place of the matches, until `after()` shows them again.
  say(text, after) {
    this.showMatches(text);
    setTimeout(after, SAID_FOR);
  }

  // -- what is shown

  // What Python can do: ways to fold, and measuring.
  offer({ folds, fold, measures }) {
    fillSelect(this.#find(".fold"), folds, fold);
    this.#find(".folds").hidden = folds.length < 2;
    const timer = this.#find(".timer");
    timer.hidden = !measures;
    timer.disabled = measures !== "possible";
    timer.textContent = MEASURES[measures] || "";
  }

  get fold() {
    return this.#find(".fold").value;
  }

  get folds() {
    return [...this.#find(".fold").options].map(({ value }) => value);
  }

  showOverlays({ overlays, overlay }) {
    fillSelect(this.#find(".overlay"), overlays, overlay);
  }

  showViews({ show, alone, inStep }) {
    const views = this.#find(".views");
    views.hidden = alone;
    this.#find(".linked").hidden = alone;
    this.#find(".linked").setAttribute("aria-pressed", String(inStep));
    for (const choice of views.children) {
      choice.setAttribute("aria-pressed", String(choice.dataset.show === show));
    }
  }

  showPlumbing(shown) {
    this.#find(".plumbing").setAttribute("aria-pressed", String(shown));
  }

  // -- menu

  closeMenu() {
    this.#dropMenu(false);
  }

  #dropMenu(open) {
    this.#find(".drop").hidden = !open;
    this.#find("[data-do=menu]").setAttribute("aria-expanded", String(open));
  }

  #bindButtons(actions) {
    for (const made of this.#root.querySelectorAll("[data-do]")) {
      const name = made.dataset.do;
      made.addEventListener("click", () => {
        const open = name === "menu" && this.#find(".drop").hidden;
        this.#dropMenu(open);
        if (name !== "menu") actions[name]();
      });
    }
  }

  #bindSearch(actions) {
    this.#search.addEventListener("input", () => actions.find());
    this.#search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") actions.jump(event.shiftKey ? -1 : 1);
      if (event.key === "Escape") {
        event.preventDefault(); // the browser would empty the field, and the matches with it
        actions.leave();
      }
      event.stopPropagation();
    });
  }
}

// Everything is in view again whenever the room has become another.
function toggleFullScreen(element, fit) {
  if (document.fullscreenElement) {
    document.exitFullscreen();
    return;
  }
  const changed = () => {
    fit();
    if (!document.fullscreenElement) element.removeEventListener("fullscreenchange", changed);
  };
  element.addEventListener("fullscreenchange", changed);
  element.requestFullscreen();
}
