// Lays out graphs in ELK's JSON format, by the algorithm that ELK calls layered.

export class ElkEngine {
  #worker;
  #answer = null;
  #asked = 0;

  // `worker` is elkjs's own stand-in for a web worker: its dispatcher answers before it returns.
  constructor(worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }) => {
      this.#answer = data;
    };
    this.#call({ cmd: "register", algorithms: ["layered"] });
  }

  // Returns the graph with the places of all nodes, labels and bends.
  layOut(graph) {
    return this.#call({ cmd: "layout", graph, layoutOptions: {}, options: {} });
  }

  #call(message) {
    this.#asked += 1;
    this.#worker.dispatcher.saveDispatch({ data: { id: this.#asked, ...message } });
    const { data, error } = this.#answer;
    if (error) throw new Error(`the graph could not be laid out: ${error.message || error}`);
    return data;
  }
}
