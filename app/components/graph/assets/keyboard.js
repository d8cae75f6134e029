// Keys of the graph, and the list that explains them.

import { element } from "./dom.js";

const KEYS = [
  ["/", "search"],
  ["n  N", "next, previous match"],
  ["f", "fit everything"],
  ["Enter", "open or close the selected box"],
  ["e  c", "open, close the box around"],
  ["E  C", "open all, close all"],
  ["← →", "go to a predecessor, a successor"],
  ["↑ ↓", "go along the column"],
  ["s", "shapes and constants on, off"],
  ["[  ]", "previous, next change"],
  ["P", "present the story, step by step"],
  ["l", "move both in step, or each alone"],
  ["p", "paths from here to …"],
  ["h", "neighbors, and theirs"],
  ["v", "before and after, before, after"],
  ["o", "color by something else"],
  ["1 2 3", "details, changes, nodes"],
  ["+  −", "zoom"],
  ["i", "side panel on, off"],
  ["Esc", "back from what was jumped to; then clear selection and filters"],
  ["?", "this list"],
];
const HINTS = [
  ["/", "search"],
  ["[ ]", "changes"],
  ["f", "fit"],
  ["?", "all keys"],
];

export class Keyboard {
  #list;

  // `listKeys()` maps the names of keys to what they do now.
  constructor(root, listKeys) {
    this.#list = root.querySelector(".keys");
    for (const [key, text] of KEYS) {
      this.#list.append(element("dt", "", key), element("dd", "", text));
    }
    for (const [key, text] of HINTS) {
      const hint = element("span");
      hint.append(element("kbd", "", key), ` ${text}`);
      root.querySelector(".hints").append(hint);
    }
    root.addEventListener("keydown", (event) => {
      const keys = listKeys();
      if (!isForGraph(event) || !Object.hasOwn(keys, event.key)) return;
      keys[event.key]();
      event.preventDefault();
      event.stopPropagation();
    });
  }

  toggleList() {
    this.#list.hidden = !this.#list.hidden;
  }

  hideList() {
    this.#list.hidden = true;
  }
}

function isForGraph(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const { tagName } = event.target;
  if (tagName === "INPUT" || tagName === "SELECT") return false;
  return tagName !== "BUTTON" || event.key !== "Enter";
}
