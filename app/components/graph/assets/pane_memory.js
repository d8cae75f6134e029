// What of a pane outlives its document: which boxes are open, and where the view is.

export function rememberPanes(panes) {
  return panes.all.map(rememberPane);
}

// As they were, pane by pane, if there are as many as before.
export function recallPanes(panes, kept) {
  const { clientWidth: width, clientHeight: height } = panes.shown[0].element;
  const alike = kept.length === panes.all.length;
  for (const [at, pane] of panes.all.entries()) {
    recallPane(pane, alike ? kept[at] : null, { width, height });
  }
}

function rememberPane({ model, folding, viewport: { view } }) {
  return { contents: listContents(model), open: folding.open.map((box) => model.path(box)), view };
}

// As it was, if it shows the same items again; else as much open as is readable in the room.
function recallPane(pane, kept, { width, height }) {
  const { model, folding } = pane;
  if (kept?.contents !== listContents(model)) {
    folding.openFirst(width, height);
    pane.sync();
    pane.viewport.fitReadable();
    return;
  }
  const wanted = new Set(kept.open);
  const boxes = Array.from({ length: model.total - model.root }, (_, at) => model.root + at);
  folding.openOnly(boxes.filter((box) => wanted.has(model.path(box))));
  pane.sync();
  pane.viewport.view = kept.view;
}

function listContents({ data }) {
  return [...data.names, "", ...data.boxes].join("\u0000");
}
