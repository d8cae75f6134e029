// How the graph and the bridge to Python, two components of one page, speak to each other.

export const ASKED = "mari-ask"; // the details of a vertex are wanted
export const ANSWERED = "mari-answer"; // they have come
export const LISTENING = "mari-listen"; // the bridge is on the page

export function send(name, detail) {
  window.dispatchEvent(new CustomEvent(name, { detail }));
}
