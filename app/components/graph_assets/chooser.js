// Hands a choice made elsewhere on the page to the graph; it waits there until the graph is up.

export default function choose({ data }) {
  window.mariChoices = window.mariChoices || {};
  if (window.mariChoices[data.key]?.turn === data.turn) return;
  window.mariChoices[data.key] = { ...data };
  window.dispatchEvent(new CustomEvent("mari-choice", { detail: data.key }));
}
