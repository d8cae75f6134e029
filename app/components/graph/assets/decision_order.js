// The decisions in the order in which they are read: the largest gains first, then what does the
// same work as before.

const COMPARED = 2000; // decisions among which the costliest gives the length of the bars

export class DecisionOrder {
  // `isAsBefore(index)`: the product is in the rewritten graph as it was.
  constructor(decisions, candidates, isAsBefore = () => false) {
    this.decisions = decisions;
    this.candidates = candidates;
    const all = Array.from(decisions.actions, (_, index) => index);
    const saved = (index) => this.before(index) - this.after(index);
    const kept = (index) =>
      decisions.actions[index] === "K" || (!saved(index) && isAsBefore(index));
    const changed = all.filter((index) => !kept(index)).sort((a, b) => saved(b) - saved(a));
    const rest = all.filter(kept).sort((a, b) => this.before(b) - this.before(a));
    this.indices = [...changed, ...rest];
    this.changed = changed.length;
    const costs = this.indices.slice(0, COMPARED).map((index) => this.before(index));
    this.most = Math.max(1, ...costs);
  }

  get size() {
    return this.indices.length;
  }

  // FLOPs of a request with all its candidates.
  before(index) {
    return this.#total(this.decisions.before[index]);
  }

  after(index) {
    return this.#total(this.decisions.after[index]);
  }

  #total([request, candidate, pair = 0]) {
    return request + this.candidates * (candidate + this.candidates * pair);
  }
}
