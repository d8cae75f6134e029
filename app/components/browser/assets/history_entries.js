// One entry of the browser's history for each page. Streamlit adds one whenever the address changes,
// so that going back would lead through every choice that was made on a page.

const ONCE = Symbol.for("mari one entry a page");

export default function install() {
  keepOnePerPage(window.history, () => window.location.href);
}

// From now on an address that differs from `where()` in its parameters alone replaces the entry.
export function keepOnePerPage(history, where) {
  if (history[ONCE]) return;
  history[ONCE] = true;
  const push = history.pushState.bind(history);
  history.pushState = (state, title, address) => {
    if (isSamePage(where(), address)) history.replaceState(state, title, address);
    else push(state, title, address);
  };
}

function isSamePage(now, next) {
  if (next === undefined || next === null) return true;
  const [from, to] = [new URL(now), new URL(next, now)];
  return from.origin === to.origin && from.pathname === to.pathname;
}
