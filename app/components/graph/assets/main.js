// The component's entry: called by Streamlit with new data on every rerun that changes something.

import { DetailsChannel } from "./details_channel.js";
import { GraphView } from "./graph_view.js";

const mounted = new WeakMap(); // by root element

export default function draw({ parentElement, data, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".graph");
  if (!mounted.has(root)) mounted.set(root, new MountedGraph(root));
  const graph = mounted.get(root);
  graph.update(data, {
    choose: (name, value) => setStateValue(name, value),
    measure: () => setTriggerValue("measure", true),
  });
  return () => {
    mounted.delete(root);
    graph.destroy();
  };
}

class MountedGraph {
  #view;
  #channel;

  constructor(root) {
    this.#view = new GraphView(root);
    this.#channel = new DetailsChannel((answer) => this.#view.answer(answer));
  }

  update({ key, id, scene, choices }, host) {
    const channel = this.#channel;
    channel.open(key);
    this.#view.connect({ ...host, ask: (asked) => channel.ask(asked) });
    this.#view.offer(choices);
    if (channel.scene === id) {
      this.#view.retheme();
    } else {
      channel.scene = id;
      this.#view.load(JSON.parse(scene));
    }
  }

  destroy() {
    this.#channel.close();
    this.#view.destroy();
  }
}
