// The panes of one document: the graph alone, or before and after side by side; and the links
// between their vertices.

import { element } from "./dom.js";
import { GraphModel } from "./graph_model.js";
import { Pane } from "./pane.js";

export const SHOWS = [
  ["both", "Both"],
  ["left", "Before"],
  ["right", "After"],
];
const SIDES = ["left", "right"];

export class PaneSet {
  all = [];
  active = null; // the pane that keys act on
  show = "both";
  inStep = true; // whether the view of one moves with that of the other
  #holder;
  #styles;
  #listener;
  #links = [new Map(), new Map()];

  constructor(holder, styles, listener) {
    this.#holder = holder;
    this.#styles = styles;
    this.#listener = listener;
  }

  load(scene) {
    for (const pane of this.all) this.#remove(pane);
    this.all = []; // the new ones draw while they are made
    this.#links = [0, 1].map((at) => indexLinks(scene.links, at));
    this.all = scene.panes.map((data) => this.#add(data));
    [this.active] = this.all;
    this.arrange();
  }

  get alone() {
    return this.all.length < 2;
  }

  get shown() {
    return this.all.filter((pane) => !pane.away);
  }

  focus(pane) {
    this.active = pane;
  }

  indexOf(pane) {
    return this.all.indexOf(pane);
  }

  // Hides what is not to be shown.
  arrange() {
    for (const [at, pane] of this.all.entries()) {
      pane.away = !this.alone && this.show !== "both" && this.show !== SIDES[at];
      pane.element.parentElement.hidden = pane.away;
    }
    if (this.active?.away) [this.active] = this.shown;
  }

  // The next of before and after, before, after.
  get nextShow() {
    const at = SHOWS.findIndex(([show]) => show === this.show);
    return SHOWS[(at + 1) % SHOWS.length][0];
  }

  get models() {
    return this.all.map(({ model }) => model);
  }

  restyle() {
    for (const pane of this.all) pane.restyle();
  }

  // Changes what is open in every pane by `change(folding)`.
  refold(change) {
    for (const pane of this.all) pane.refold(change);
  }

  // A hand has moved the view of one.
  follow(pane, change) {
    if (!this.inStep) return;
    for (const other of this.shown) if (other !== pane) other.viewport.follow(change);
  }

  get standings() {
    return this.all.map((pane) => pane.standing);
  }

  set standings(kept) {
    for (const [at, pane] of this.all.entries()) pane.standing = kept[at];
  }

  fit() {
    for (const pane of this.shown) pane.viewport.fit();
  }

  // What the item became in the other pane, or was made from there.
  partners(pane, item) {
    const at = this.indexOf(pane);
    const other = this.all[1 - at];
    if (!other || item < 0) return { pane: null, items: [] };
    const items = pane.model.under(item).flatMap((member) => this.#links[at].get(member) || []);
    return { pane: other, items: [...new Set(items)] };
  }

  destroy() {
    for (const pane of this.all) pane.destroy();
  }

  #add(data) {
    const place = element("div", "pane");
    const canvas = element("div", "canvas");
    place.append(element("div", "title", data.title), canvas);
    this.#holder.append(place);
    return new Pane(canvas, new GraphModel(data), this.#styles, this.#listener);
  }

  #remove(pane) {
    pane.destroy();
    pane.element.parentElement.remove();
  }
}

// The other ends, by the end at `at`.
function indexLinks(links, at) {
  const index = new Map();
  for (const link of links) {
    const known = index.get(link[at]);
    if (known) known.push(link[1 - at]);
    else index.set(link[at], [link[1 - at]]);
  }
  return index;
}
