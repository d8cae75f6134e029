// Asks for the details of a vertex, and hears them: over the bridge to Python on the same page.

import { ANSWERED, ASKED, LISTENING, send } from "./page_events.js";

export class DetailsChannel {
  scene = ""; // the id of the document that is drawn
  #graph = "";
  #answer;
  #waiting = null; // asked, not answered, and perhaps not heard
  #listeners = {
    [ANSWERED]: ({ detail }) => this.#hear(detail),
    [LISTENING]: ({ detail }) => this.#askAgain(detail),
  };

  // `answer({ pane, at, found })` is called with the details of a vertex of this document.
  constructor(answer) {
    this.#answer = answer;
    for (const [name, listener] of Object.entries(this.#listeners)) {
      window.addEventListener(name, listener);
    }
  }

  // `graph` is the component's key, which the bridge has too.
  open(graph) {
    this.#graph = graph;
  }

  ask({ pane, at }) {
    this.#waiting = { id: this.scene, pane, at };
    send(ASKED, { graph: this.#graph, asked: this.#waiting });
  }

  close() {
    for (const [name, listener] of Object.entries(this.#listeners)) {
      window.removeEventListener(name, listener);
    }
  }

  #hear({ graph, id, ...answer }) {
    if (graph !== this.#graph || id !== this.scene) return;
    const { pane, at } = this.#waiting || {};
    if (answer.pane === pane && answer.at === at) this.#waiting = null;
    this.#answer(answer);
  }

  // Asked before the bridge was on the page; only once, for Python may not know the document.
  #askAgain({ graph }) {
    const asked = this.#waiting;
    if (graph !== this.#graph || !asked) return;
    this.#waiting = null;
    send(ASKED, { graph, asked });
  }
}
