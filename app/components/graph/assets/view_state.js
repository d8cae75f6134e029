// The view as plain values: collected for a link, and restored from one.

import { SHOWS } from "./pane_set.js";
import { TABS } from "./side_tabs.js";

export class ViewState {
  #parts;

  // `parts`: panes, styles, selection, side and toolbar.
  constructor(parts) {
    this.#parts = parts;
  }

  // Before the first drawing: what it depends on.
  prepare(link) {
    const { panes, styles, side, toolbar } = this.#parts;
    if (SHOWS.some(([show]) => show === link.show)) panes.show = link.show;
    if (TABS.some(([tab]) => tab === link.tab)) side.turnTo(link.tab);
    styles.wish(link.by);
    toolbar.text = link.find;
  }

  // After it: what is hidden, open and selected, and where the view was.
  restore(link, goTo) {
    const { panes, styles } = this.#parts;
    if (link.hide) styles.hidden = new Set(link.hide);
    const known = knownPanes(panes, link);
    for (const [at, pane] of known) {
      if (link.open[at]?.length) pane.openOnly(link.open[at]);
    }
    const pane = panes.all[link.pane];
    const item = pane ? pane.model.data.names.indexOf(link.node) : -1;
    if (item >= 0) goTo(pane, item);
    for (const [at, each] of known) {
      const [x, y, scale] = link.at[at] || [];
      if (scale > 0) each.viewport.view = { x, y, scale };
    }
  }

  // The view, and for each part of it what is usual.
  collect() {
    const { panes, styles, selection, side, toolbar } = this.#parts;
    const { vertex } = selection;
    const view = {
      show: panes.alone ? "" : panes.show,
      fold: toolbar.fold,
      by: styles.overlay,
      hide: [...styles.hidden].join(""),
      find: toolbar.text.trim(),
      tab: side.tab,
      pane: vertex ? panes.indexOf(vertex.pane) : 0,
      node: vertex ? vertex.pane.model.name(vertex.item) : "",
      open: panes.all.map(({ folding, model }) => folding.open.map((box) => box - model.root)),
      at: panes.all.map(({ viewport: { view } }) => [view.x, view.y, view.scale]),
    };
    const usual = {
      show: "both",
      fold: toolbar.folds[0],
      by: styles.overlays[0]?.[0],
      tab: side.usualTab,
      pane: "0",
    };
    return { view, usual };
  }
}

// The panes with their numbers; none where the link is to one graph alone and there are two, or
// the other way: what was open in it, and where its view was, fits neither.
function knownPanes({ all }, { at }) {
  return at.length === all.length ? [...all.entries()] : [];
}
