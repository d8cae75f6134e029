import assert from "node:assert/strict";
import test from "node:test";
import { sortRows } from "../../../app/components/graph/assets/node_list.js";
import { NodeSearch, stepAround } from "../../../app/components/graph/assets/node_search.js";
import { ACT, MIX, makePane, SCORE, USER } from "./small_graphs.mjs";

test("matches are stepped through around the ends", () => {
  const search = new NodeSearch();
  const pane = makePane();
  search.find(" fusion ", [pane]);
  assert.equal(search.summary, "2 found");
  assert.deepEqual(search.step(1), { pane, item: MIX });
  assert.equal(search.summary, "1 of 2 found");
  assert.deepEqual(search.step(1), { pane, item: ACT });
  assert.deepEqual(search.step(1), { pane, item: MIX });
  assert.deepEqual(search.step(-1), { pane, item: ACT });
});

test("a search without matches leads nowhere", () => {
  const search = new NodeSearch();
  search.find("nothing like it", [makePane()]);
  assert.equal(search.step(1), undefined);
  assert.equal(search.summary, "0 found");
  assert.deepEqual(search.rows, []);
});

test("without a search all vertices of the panes are rows", () => {
  const search = new NodeSearch();
  search.find("", [makePane(), makePane()]);
  assert.equal(search.rows.length, 12);
  assert.equal(search.summary, "");
});

test("the first step back is to the last", () => {
  assert.equal(stepAround(-1, -1, 5), 4);
  assert.equal(stepAround(-1, 1, 5), 0);
});

test("rows are sorted by name, by operator and by amount", () => {
  const pane = makePane();
  const rows = [SCORE, ACT, MIX, USER].map((item) => ({ pane, item }));
  const sorted = (sort) => sortRows(rows, sort).map(({ item }) => item);
  assert.deepEqual(sorted("order"), [SCORE, ACT, MIX, USER]);
  assert.deepEqual(sorted("name"), [ACT, MIX, SCORE, USER]);
  assert.deepEqual(sorted("operator"), [MIX, ACT, USER, SCORE]);
  assert.deepEqual(sorted("flops"), [MIX, ACT, SCORE, USER]);
});
