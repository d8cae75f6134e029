// What an item looks like under the current overlay: color, letter, texts, whether it is dim.

import { linesOf } from "./item_sizes.js";

// The column of an overlay that shows an amount.
export const AMOUNTS = { flops: "flops", time: "times", left: "left" };
const AMOUNT_NAMES = { flops: "FLOPs", time: "measured time", left: "FLOPs left to gain" };

export class NodeStyles {
  theme = null;
  overlay = "side";
  overlays = []; // [value, text] of those that this document has
  most = {}; // the largest amount, by overlay
  hidden = new Set(); // letters that the legend dims
  #wished = "";
  #actions = "";

  load(scene, models) {
    this.#actions = scene.decisions.actions;
    this.most = {};
    for (const [overlay, column] of Object.entries(AMOUNTS)) {
      const largest = models.map(({ data }) => data[column].reduce((a, b) => Math.max(a, b), 0));
      this.most[overlay] = Math.max(...largest);
    }
    this.overlays = this.#listOverlays(models);
    const values = this.overlays.map(([value]) => value);
    this.overlay = values.includes(this.#wished) ? this.#wished : values[0];
  }

  // The overlay to take once a document has it.
  wish(overlay) {
    this.#wished = overlay || this.#wished;
  }

  colorBy(overlay) {
    this.#wished = overlay;
    this.overlay = overlay;
    this.hidden.clear();
  }

  // Whether nodes carry the letter of their side, whatever their color means.
  get lettersAreSides() {
    return this.overlay === "change" || Boolean(AMOUNTS[this.overlay]);
  }

  get nextOverlay() {
    const values = this.overlays.map(([value]) => value);
    return values[(values.indexOf(this.overlay) + 1) % values.length];
  }

  // The key of a vertex into legend and colors.
  letter(model, item, overlay = this.overlay) {
    if (overlay === "side") return model.side(item);
    if (overlay === "change") return model.change(item);
    if (overlay === "decision") {
      const at = model.decision.get(item);
      return at === undefined ? "·" : this.#actions[at];
    }
    const amount = model.data[AMOUNTS[overlay]][item];
    if (!amount) return "0";
    return String(Math.max(1, 4 - Math.floor(Math.log10(this.most[overlay] / amount))));
  }

  // How many vertices have each letter.
  countLetters(model, items, overlay = this.overlay) {
    const counts = new Map();
    for (const item of items) {
      const letter = this.letter(model, item, overlay);
      counts.set(letter, (counts.get(letter) || 0) + 1);
    }
    return counts;
  }

  // { color, letter, side, title, subtitle, dim, … }; `lit` is what a pane does not dim, or null.
  look(model, item, lit) {
    const dim = this.#isDim(model, item, lit);
    return model.isBox(item) ? this.#boxLook(model, item, dim) : this.#vertexLook(model, item, dim);
  }

  // What an item is, in lines for a pointer that rests on it.
  tip(model, item) {
    if (model.isBox(item)) {
      const count = model.under(item).length.toLocaleString("en");
      return `${model.name(item)}\n${count} nodes\nDouble click opens it`;
    }
    const side = this.theme.mark("side", model.side(item)).name;
    return [model.op(item), model.name(item), side].filter(Boolean).join("\n");
  }

  // What a box holds, by letter, in the order of the legend.
  bar(model, box, overlay = this.overlay) {
    const members = model.under(box);
    const counts = this.countLetters(model, members, overlay);
    return this.theme.marks[overlay]
      .filter(({ letter }) => counts.has(letter))
      .map((mark) => {
        const count = counts.get(mark.letter);
        return { ...mark, count, share: count / members.length, text: mark.sign || mark.letter };
      });
  }

  // Changes come first once there are two graphs to compare.
  #listOverlays(models) {
    const overlays = [["side", "side"]];
    if (models.some(({ data }) => data.changes)) {
      overlays[models.length > 1 ? "unshift" : "push"](["change", "change"]);
    }
    if (this.#actions.length) overlays.push(["decision", "decision"]);
    const amounts = Object.entries(AMOUNT_NAMES).filter(([overlay]) => this.most[overlay]);
    return [...overlays, ...amounts];
  }

  #boxLook(model, box, dim) {
    const bar = this.bar(model, box);
    const [most] = [...bar].sort((a, b) => b.count - a.count);
    const [title, subtitle] = linesOf(model, box);
    const { color, letter } = most;
    const depth = model.depth[box];
    return { dim, title, subtitle, bar, depth, color, letter, side: "" };
  }

  #vertexLook(model, item, dim) {
    const side = model.side(item);
    const letter = this.letter(model, item);
    const mark = this.theme.mark(this.overlay, letter);
    const [title, subtitle] = linesOf(model, item);
    const changes = this.overlay === "change";
    const gone = letter === "x" || letter === "-";
    return {
      dim,
      title,
      subtitle,
      side,
      color: mark.color,
      letter: this.lettersAreSides ? side : letter,
      dashed: side === "K" || gone,
      hatched: changes && gone,
      fresh: changes && letter === "+",
      sign: changes && letter !== "=" ? mark.sign : "",
    };
  }

  #isDim(model, item, lit) {
    const under = model.under(item);
    if (lit && !under.some((member) => lit.has(member))) return true;
    const { hidden } = this;
    return hidden.size > 0 && under.every((member) => hidden.has(this.letter(model, member)));
  }
}
