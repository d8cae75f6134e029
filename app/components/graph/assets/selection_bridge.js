// Carries what is selected in a graph to Python, and the details of it back to the graph.

import { ANSWERED, ASKED, LISTENING, send } from "./page_events.js";

const bridges = new Map(); // by the key of the graph

export default function carry({ data, setStateValue }) {
  const { graph, id, details } = data;
  bridges.get(graph)?.close();
  const bridge = new SelectionBridge(graph, (asked) => setStateValue("asked", asked));
  bridges.set(graph, bridge);
  if (details) send(ANSWERED, { graph, id, ...details });
  send(LISTENING, { graph });
  return () => bridge.close(); // the next one may already be on the page
}

class SelectionBridge {
  #graph;
  #ask;
  #listener = ({ detail }) => {
    if (detail.graph === this.#graph) this.#ask(detail.asked);
  };

  constructor(graph, ask) {
    this.#graph = graph;
    this.#ask = ask;
    window.addEventListener(ASKED, this.#listener);
  }

  close() {
    window.removeEventListener(ASKED, this.#listener);
  }
}
