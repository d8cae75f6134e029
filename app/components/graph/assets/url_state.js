// What is looked at, in the page's address, so that a link restores it; and in the browser's
// session, so that coming back to the page does.

const NAMES = ["show", "fold", "by", "hide", "find", "tab", "pane", "node", "open", "at"];
const MEMORY = "mari graph";
const MOST_OPEN = 150;
const RESTED = 300; // milliseconds without a change after which the address is written

export class UrlState {
  #collect;
  #timer = 0;
  #following = false;

  // `collect()` returns { model, view, usual }, or null while there is nothing to write.
  constructor(collect) {
    this.#collect = collect;
  }

  // The view that the address asks for; else, of the same model, the one that was left last.
  read(model) {
    const given = new URLSearchParams(window.location.search);
    if (NAMES.some((name) => given.has(name))) return decodeView(given);
    const kept = recall();
    return decodeView(kept?.model === model ? new URLSearchParams(kept.text) : given);
  }

  // From now on the address follows the view.
  follow() {
    this.#following = true;
  }

  // Something that a link holds has changed; the address is written when it comes to rest.
  changed() {
    if (!this.#following) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.write(), RESTED);
  }

  write() {
    const state = window.location.pathname.endsWith("/graph") ? this.#collect() : null;
    if (!state) return;
    const given = new URLSearchParams(window.location.search);
    const text = encodeView(given, state.view, state.usual).toString();
    remember({ model: state.model, text });
    window.history.replaceState(window.history.state, "", `${window.location.pathname}?${text}`);
  }

  // Returns in words whether the browser let the address be copied.
  async copy() {
    this.write();
    try {
      await navigator.clipboard.writeText(window.location.href);
      return "Link copied";
    } catch {
      return "The address bar holds the link";
    }
  }
}

// `open` holds the open boxes of each pane, counted from the whole; `at` its [x, y, scale].
export function decodeView(params) {
  const text = (name) => params.get(name) || "";
  const panes = (name) => text(name).split("_");
  return {
    show: text("show"),
    fold: text("fold"),
    by: text("by"),
    hide: text("hide"),
    find: text("find"),
    tab: text("tab"),
    pane: Number(text("pane")) || 0,
    node: params.get("node"),
    open: panes("open").map((boxes) => (boxes ? boxes.split(".").map(Number) : [])),
    at: panes("at").map((place) => place.split("~").map(Number)),
  };
}

// The parameters of the address with this view; what is as usual is left out.
export function encodeView(given, view, usual) {
  const params = new URLSearchParams(given);
  const open = view.open.every((boxes) => boxes.length <= MOST_OPEN) ? view.open : [];
  const at = view.at.map(([x, y, scale]) => [
    Math.round(x),
    Math.round(y),
    Number(scale.toPrecision(3)),
  ]);
  const texts = {
    ...view,
    pane: String(view.pane),
    open: open.map((boxes) => boxes.join(".")).join("_"),
    at: at.map((place) => place.join("~")).join("_"),
  };
  for (const name of NAMES) {
    params.delete(name);
    if (texts[name] && texts[name] !== usual[name]) params.set(name, texts[name]);
  }
  return params;
}

function recall() {
  try {
    return JSON.parse(window.sessionStorage.getItem(MEMORY));
  } catch {
    return null; // written by something else, or not allowed
  }
}

function remember(state) {
  try {
    window.sessionStorage.setItem(MEMORY, JSON.stringify(state));
  } catch {
    // full, or not allowed: the address still holds it
  }
}
