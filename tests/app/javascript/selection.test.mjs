import assert from "node:assert/strict";
import test from "node:test";
import { Selection } from "../../../app/components/graph/assets/selection.js";
import { ACT, FUSION, MIX, makePane, SCORE, USER } from "./small_graphs.mjs";

// Two panes whose vertices are linked to those of the same number.
function makePanes() {
  const all = [makePane(), makePane()];
  const partners = (pane, item) => {
    const other = all[1 - all.indexOf(pane)];
    return item < 0 ? { pane: null, items: [] } : { pane: other, items: other.model.under(item) };
  };
  return { all, active: null, partners, indexOf: (pane) => all.indexOf(pane) };
}

test("a selected vertex marks its pane, and what it is linked to in the other", () => {
  const panes = makePanes();
  const [left, right] = panes.all;
  const selection = new Selection(panes);
  left.lit = new Set([USER]);
  selection.choose(left, MIX);
  assert.deepEqual([left.selected, right.selected], [MIX, -1]);
  assert.deepEqual([...right.linked], [MIX]);
  assert.equal(left.lit, null);
  assert.equal(panes.active, left);
  assert.ok(selection.holds({ pane: left, item: MIX }));
  assert.ok(!selection.holds({ pane: right, item: MIX }));
  assert.deepEqual(selection.remember(), { at: 0, name: "fusion/mix" });
});

test("a box is selected, but is no vertex", () => {
  const panes = makePanes();
  const selection = new Selection(panes);
  selection.choose(panes.all[0], FUSION);
  assert.equal(selection.current.item, FUSION);
  assert.equal(selection.vertex, null);
  assert.equal(selection.remember(), null);
});

test("of what a vertex is linked to, what has its operator is opened", () => {
  const panes = makePanes();
  const [left, right] = panes.all;
  const opened = [];
  right.reveal = (items) => opened.push(items);
  panes.partners = () => ({ pane: right, items: [USER, ACT, MIX] });
  const selection = new Selection(panes);
  selection.choose(left, MIX);
  selection.showOthers(true);
  selection.choose(left, SCORE);
  selection.showOthers(true);
  assert.deepEqual(opened, [[MIX], [USER]]);
});

test("nothing is selected after -1", () => {
  const panes = makePanes();
  const selection = new Selection(panes);
  selection.choose(panes.all[1], USER);
  selection.choose(panes.all[1], -1);
  assert.equal(selection.current, null);
  assert.ok(panes.all.every((pane) => pane.selected === -1 && pane.linked.size === 0));
});
