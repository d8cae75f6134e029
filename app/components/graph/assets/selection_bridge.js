// Carries what is selected in a graph to Python, and the details of it back to the graph.

const listeners = new Map();

export default function carry({ data, setStateValue }) {
  const { graph, id, details } = data;
  forget(graph);
  const listen = ({ detail }) => {
    if (detail.graph === graph) setStateValue("asked", detail.asked);
  };
  listeners.set(graph, listen);
  window.addEventListener("mari-ask", listen);
  if (details) {
    window.dispatchEvent(new CustomEvent("mari-answer", { detail: { graph, id, ...details } }));
  }
  const waiting = window.mariAsked?.[graph]; // asked before this was on the page
  if (waiting && (!details || waiting.id !== id || waiting.pane !== details.pane || waiting.at !== details.at)) {
    setStateValue("asked", waiting);
  }
  if (waiting) delete window.mariAsked[graph];
  return () => { // the next one may already be on the page
    if (listeners.get(graph) === listen) forget(graph);
  };
}

function forget(graph) {
  window.removeEventListener("mari-ask", listeners.get(graph));
  listeners.delete(graph);
}
