// The whole component: makes its parts, and carries what happens in one to the others.

import { Coloring } from "./coloring.js";
import { Finder } from "./finder.js";
import { listKeys } from "./graph_keys.js";
import { ImageExport } from "./image_export.js";
import { Keyboard } from "./keyboard.js";
import { Legend } from "./legend.js";
import { LinkLines } from "./link_lines.js";
import { Navigation } from "./navigation.js";
import { NodeSearch } from "./node_search.js";
import { NodeStyles } from "./node_styles.js";
import { recallPanes, rememberPanes } from "./pane_memory.js";
import { PaneSet } from "./pane_set.js";
import { Presenter } from "./presenter.js";
import { PrintDrawing } from "./print_drawing.js";
import { Selection } from "./selection.js";
import { SidePanel } from "./side_panel.js";
import { readColors, Theme } from "./theme.js";
import { Toolbar } from "./toolbar.js";
import { UrlState } from "./url_state.js";
import { ViewState } from "./view_state.js";

const MOST_OPENED = 600; // items that "Open all" shows

export class GraphView {
  #root;
  #host = {}; // what Python can be asked for: choose(name, value), measure(), ask({ pane, at })
  #modelName = "";
  #styles = new NodeStyles();
  #panes;
  #selection;
  #navigation;
  #lines;
  #side;
  #coloring;
  #finder;
  #images;
  #toolbar;
  #presenter;
  #print;
  #keyboard;
  #state;
  #url;
  #observer;

  constructor(root) {
    this.#root = root;
    const holder = root.querySelector(".panes");
    this.#makeGraph(holder);
    this.#makeControls();
    holder.addEventListener("pointerdown", () => {
      this.#toolbar.closeMenu();
      root.focus({ preventScroll: true });
    });
    this.#observer = new ResizeObserver(() => {
      this.#lines.resize();
      this.#moved();
    });
    this.#observer.observe(holder);
  }

  connect(host) {
    this.#host = host;
  }

  // What Python can do: ways to fold, and measuring; and the model's name.
  offer(choices) {
    this.#modelName = choices.model;
    this.#toolbar.offer(choices);
  }

  // Draws a document; what was open and selected stays so where it still exists.
  load(scene) {
    const start = performance.now();
    const link = this.#styles.theme ? null : this.#readLink();
    const selected = this.#selection.remember();
    this.#presenter.load(scene);
    this.#loadPanes(scene);
    this.#side.load(scene);
    this.#find();
    this.#folded();
    this.#coloring.showLegend();
    this.#navigation.recall(selected);
    this.#side.turnTo(link && !link.tab ? this.#side.usualTab : this.#side.tab);
    if (link) this.#followLink(link);
    performance.measure("mari graph: load", { start });
  }

  // The page's colors may have changed.
  retheme() {
    this.#styles.theme = new Theme(readColors(this.#root), this.#styles.theme.marks);
    this.#panes.restyle();
    this.#coloring.showLegend();
    this.#side.redraw();
  }

  // The details of a vertex that was asked for.
  answer({ pane: at, at: item, found }) {
    const pane = this.#panes.all[at];
    if (!pane || !(item >= 0 && item < pane.model.count)) return;
    pane.model.details.set(item, found);
    if (!this.#selection.holds({ pane, item }) || pane.lit) return;
    this.#side.showSelected();
  }

  destroy() {
    this.#observer.disconnect();
    this.#print.destroy();
    this.#panes.destroy();
  }

  // -- the parts

  #makeGraph(holder) {
    this.#panes = new PaneSet(holder, this.#styles, {
      focused: (pane) => this.#panes.focus(pane),
      picked: (pane, item, shift) => this.#navigation.pick(pane, item, shift),
      folded: () => this.#folded(),
      moved: () => this.#moved(),
      steered: (pane, change) => this.#panes.follow(pane, change),
    });
    this.#lines = new LinkLines(holder, this.#panes, this.#styles);
    this.#selection = new Selection(this.#panes);
    this.#navigation = new Navigation(this.#panes, this.#selection, {
      selected: (wasLit) => this.#selected(wasLit),
      lit: () => this.#side.fillList(),
      folded: () => this.#side.showInfo(),
      pathStarted: () => this.#side.showInfo(),
      pathTraced: (pane, one, other, items) => this.#side.showPaths(pane, one, other, items),
      viewWanted: (show) => this.#view(show),
    });
  }

  #makeControls() {
    const parts = {
      panes: this.#panes,
      styles: this.#styles,
      selection: this.#selection,
      navigation: this.#navigation,
      search: new NodeSearch(),
    };
    const find = (name) => this.#root.querySelector(name);
    const actions = this.#listActions();
    this.#side = new SidePanel(find(".side"), parts, actions);
    const legend = new Legend(find(".legend"), this.#styles, actions.filtered);
    this.#images = new ImageExport(this.#panes, this.#styles, legend);
    this.#toolbar = new Toolbar(this.#root, actions);
    this.#coloring = new Coloring({ ...parts, toolbar: this.#toolbar, legend }, actions.filtered);
    this.#finder = new Finder({ ...parts, toolbar: this.#toolbar });
    this.#presenter = new Presenter(this.#root, { ...parts, images: this.#images }, actions);
    this.#print = new PrintDrawing(find(".printed"), () => this.#images.drawOnPaper());
    const keys = listKeys(actions, parts);
    this.#keyboard = new Keyboard(this.#root, () =>
      this.#presenter.active ? this.#presenter.keys : keys,
    );
    this.#state = new ViewState({ ...parts, side: this.#side, toolbar: this.#toolbar });
    this.#url = new UrlState(() =>
      this.#root.isConnected && !this.#presenter.active
        ? { model: this.#modelName, ...this.#state.collect() }
        : null,
    );
  }

  // What buttons, keys and panels do.
  #listActions() {
    return {
      search: () => this.#toolbar.focusSearch(),
      find: () => this.#find(),
      leave: () => this.#root.focus(),
      jump: (by) => this.#finder.jump(by),
      next: () => this.#finder.jump(1),
      previous: () => this.#finder.jump(-1),
      stepOn: () => this.#side.stepBy(1),
      stepBack: () => this.#side.stepBy(-1),
      view: (show) => this.#view(show),
      cycleView: () => this.#panes.alone || this.#view(this.#panes.nextShow),
      toggleStep: () => this.#toggleStep(),
      present: () => this.#presenter.begin(),
      colorBy: (overlay) => this.#coloring.by(overlay),
      cycleOverlay: () => this.#coloring.by(this.#styles.nextOverlay),
      foldBy: (fold) => this.#host.choose("fold", fold),
      measure: () => this.#host.measure(),
      expandAll: () => this.#refold((folding) => folding.openAll(MOST_OPENED)),
      collapseAll: () => this.#refold((folding) => folding.closeAll()),
      togglePlumbing: () => this.#refold((folding) => folding.togglePlumbing()),
      fit: () => this.#panes.fit(),
      savePicture: () => this.#images.savePicture(),
      saveDrawing: () => this.#images.saveDrawing(),
      copyLink: async () => this.#toolbar.say(await this.#url.copy(), () => this.#finder.tell()),
      help: () => this.#keyboard.toggleList(),
      toggleSide: () => this.#side.toggle(),
      turnTo: (tab) => this.#side.turnTo(tab),
      turned: () => this.#url.changed(),
      filtered: () => this.#filtered(),
      showOnly: (overlay, letter) => this.#coloring.only(overlay, letter),
      clear: () => this.#clear(),
      escape: () => this.#escape(),
    };
  }

  #loadPanes(scene) {
    const kept = rememberPanes(this.#panes);
    this.#styles.theme = new Theme(readColors(this.#root), scene.marks);
    this.#panes.load(scene);
    this.#lines.raise();
    this.#selection.clear();
    this.#styles.load(scene, this.#panes.models);
    this.#toolbar.showViews(this.#panes);
    this.#toolbar.showOverlays(this.#styles);
    recallPanes(this.#panes, kept);
  }

  #readLink() {
    const link = this.#url.read(this.#modelName);
    this.#state.prepare(link);
    const { fold, folds } = this.#toolbar;
    if (link.fold !== fold && folds.includes(link.fold)) this.#host.choose("fold", link.fold);
    return link;
  }

  #followLink(link) {
    this.#url.follow();
    this.#state.restore(link, (pane, item) => this.#navigation.show(pane, item));
    this.#panes.restyle();
    this.#coloring.showLegend();
  }

  // -- what happens in the parts

  #selected(wasLit) {
    this.#side.follow(wasLit);
    const { vertex } = this.#selection;
    if (vertex && !vertex.pane.model.details.has(vertex.item)) {
      this.#host.ask({ pane: this.#panes.indexOf(vertex.pane), at: vertex.item });
    }
    this.#url.changed();
  }

  // The view of a pane has moved, or anything was drawn.
  #moved() {
    this.#url.changed();
    this.#lines.draw(this.#selection.current);
  }

  // Other boxes are open.
  #folded() {
    this.#toolbar.showPlumbing(this.#panes.shown.some(({ folding }) => folding.plumbing));
    this.#url.changed();
  }

  #toggleStep() {
    this.#panes.inStep = !this.#panes.inStep;
    this.#toolbar.showViews(this.#panes);
  }

  // Both panes, or one alone.
  #view(show) {
    this.#panes.show = show;
    this.#panes.arrange();
    this.#toolbar.showViews(this.#panes);
    this.#panes.fit();
    this.#find();
  }

  // Other items are dimmed, or all are colored otherwise.
  #filtered() {
    this.#panes.restyle();
    this.#side.fillList();
    this.#url.changed();
  }

  #refold(change) {
    this.#panes.refold(change);
    this.#navigation.settle();
    this.#folded();
  }

  #clear() {
    this.#navigation.clear();
    this.#coloring.showAll();
  }

  #escape() {
    this.#keyboard.hideList();
    this.#toolbar.closeMenu();
    if (this.#navigation.goBack()) this.#folded();
    else this.#clear();
  }

  #find() {
    this.#finder.find();
    this.#side.fillList();
    this.#url.changed();
  }
}
