// Beside the graph: the details of the selection, the decisions, and the list of nodes.

import { DecisionDetails } from "./decision_details.js";
import { DecisionsPanel } from "./decisions_panel.js";
import { InfoPanel } from "./info_panel.js";
import { NodeList } from "./node_list.js";
import { SideTabs } from "./side_tabs.js";

export class SidePanel {
  #selection;
  #tabs;
  #turned;
  #details;
  #info;
  #decisions;
  #list;

  // `parts`: panes, styles, selection, navigation and search. `actions` holds clear(),
  // showOnly(overlay, letter), and turned(): another tab is shown.
  constructor(side, parts, actions) {
    this.#selection = parts.selection;
    this.#turned = actions.turned;
    this.#tabs = new SideTabs(side, (tab) => this.turnTo(tab));
    this.#details = new DecisionDetails(parts.styles);
    const all = { ...parts, details: this.#details };
    const { showOnly, clear } = actions;
    const turn = () => this.turnTo("changes");
    this.#info = new InfoPanel(this.#tabs.place("details"), all, clear);
    this.#decisions = new DecisionsPanel(this.#tabs.place("changes"), all, { turn, showOnly });
    this.#list = new NodeList(this.#tabs.place("nodes"), parts);
  }

  get tab() {
    return this.#tabs.tab;
  }

  // Shown first: what became of the model, as soon as anything is decided.
  get usualTab() {
    return this.#decisions.size ? "changes" : "details";
  }

  load(scene) {
    for (const part of [this.#details, this.#decisions, this.#info]) part.load(scene);
    this.#info.show();
  }

  turnTo(tab) {
    this.#tabs.show(tab);
    if (tab === "changes") this.#decisions.render();
    if (tab === "nodes") this.#list.fill();
    this.#turned();
  }

  toggle() {
    this.#tabs.toggle();
  }

  stepBy(by) {
    this.#decisions.stepBy(by);
  }

  // The selection is another; `wasLit`: and the list has other rows.
  follow(wasLit) {
    const { current, vertex } = this.#selection;
    const decided = vertex?.pane.model.decision.has(vertex.item);
    if (this.tab === "changes" && current && !decided) this.turnTo("details");
    this.#tabs.attend(Boolean(current));
    this.showSelected();
    if (wasLit) this.#list.fill();
    else this.#list.follow();
  }

  // More is known of what is selected.
  showSelected() {
    this.#info.show();
    this.#decisions.follow(this.#selection.vertex);
  }

  showInfo() {
    this.#info.show();
  }

  showPaths(pane, one, other, items) {
    this.turnTo("details");
    this.#info.showPaths(pane, one, other, items);
  }

  fillList() {
    this.#list.fill();
  }

  // In other colors.
  redraw() {
    this.#info.show();
    this.#decisions.render();
    this.#list.draw();
  }
}
