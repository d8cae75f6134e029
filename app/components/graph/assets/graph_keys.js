// What each key does.

export function listKeys(actions, { navigation, selection, panes }) {
  const ofVertex = (act) => () => {
    if (selection.vertex) act(selection.vertex);
  };
  const larger = () => panes.active.viewport.zoom(1.25);
  return {
    "/": actions.search,
    n: actions.next,
    N: actions.previous,
    f: actions.fit,
    E: actions.expandAll,
    C: actions.collapseAll,
    "?": actions.help,
    i: actions.toggleSide,
    "[": actions.stepBack,
    "]": actions.stepOn,
    "+": larger,
    "=": larger,
    "-": () => panes.active.viewport.zoom(0.8),
    Enter: () => navigation.fold("toggle"),
    e: () => navigation.fold("open"),
    c: () => navigation.fold("close"),
    p: ofVertex((vertex) => navigation.startPath(vertex)),
    h: ofVertex((vertex) => navigation.widen(vertex)),
    v: actions.cycleView,
    o: actions.cycleOverlay,
    1: () => actions.turnTo("details"),
    2: () => actions.turnTo("changes"),
    3: () => actions.turnTo("nodes"),
    ArrowRight: () => navigation.walk("after"),
    ArrowLeft: () => navigation.walk("before"),
    ArrowUp: () => navigation.slide(-1),
    ArrowDown: () => navigation.slide(1),
    s: actions.togglePlumbing,
    P: actions.present,
    l: actions.toggleStep,
    Escape: actions.escape,
  };
}
