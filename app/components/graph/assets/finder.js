// The search in the toolbar: what it finds, and the way from match to match.

export class Finder {
  #search;
  #toolbar;
  #panes;
  #navigation;

  constructor({ search, toolbar, panes, navigation }) {
    this.#search = search;
    this.#toolbar = toolbar;
    this.#panes = panes;
    this.#navigation = navigation;
  }

  find() {
    this.#search.find(this.#toolbar.text, this.#panes.shown);
    this.tell();
  }

  // To the next match (by = 1) or to the one before (by = -1).
  jump(by) {
    const match = this.#search.step(by);
    if (!match) return;
    this.#navigation.goTo(match.pane, match.item);
    this.tell();
  }

  tell() {
    this.#toolbar.showMatches(this.#search.summary);
  }
}
