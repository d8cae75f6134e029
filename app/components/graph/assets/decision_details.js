// A decision in full: what was done and why, its FLOPs, and which slice of the weight went where.

import { columnStrips } from "./detail_charts.js";
import { element, namedBadge, table } from "./dom.js";
import { describeWork } from "./figures.js";

export class DecisionDetails {
  #decisions = null;
  #styles;

  constructor(styles) {
    this.#styles = styles;
  }

  load({ decisions }) {
    this.#decisions = decisions;
  }

  // `details` are Python's of the product; undefined until they have come.
  describe(index, details) {
    const { theme } = this.#styles;
    const { actions, reasons, before, after } = this.#decisions;
    const part = element("section", "decision");
    const head = element("h4");
    const name = theme.mark("decision", actions[index]).name;
    head.append(namedBadge(theme, "decision", actions[index]), ` ${name}`);
    const flops = [
      ["FLOPs before", describeWork(before[index])],
      ["FLOPs after", describeWork(after[index])],
    ];
    part.append(head, element("p", "reason", reasons.texts[reasons.codes[index]]), table(flops));
    if (details?.slices?.columns) part.append(...this.#slices(details.slices));
    return part;
  }

  #slices(slices) {
    const { theme } = this.#styles;
    const weights = slices.weights.map(([side, node, weight, type]) => {
      const line = element("div", "tensor");
      const texts = element("div", "texts");
      texts.append(
        element("div", "name", `${weight} ${type}`),
        element("div", "muted", `weight of ${node}`),
      );
      line.append(namedBadge(theme, "side", side), texts);
      return line;
    });
    return [columnStrips(slices, theme), ...weights];
  }
}
