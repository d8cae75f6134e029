import assert from "node:assert/strict";
import test from "node:test";
import { ACT, FUSION, ITEM, MIX, makeModel, ROOT, SCORE, USER, WIDE } from "./small_graphs.mjs";

test("boxes come after the vertices, and hold what is under them", () => {
  const model = makeModel();
  assert.ok(model.isBox(FUSION));
  assert.ok(!model.isBox(SCORE));
  assert.deepEqual(model.under(FUSION), [MIX, ACT]);
  assert.deepEqual(model.under(SCORE), [SCORE]);
  assert.deepEqual(model.inside(ROOT), [USER, ITEM, WIDE, SCORE, FUSION]);
  assert.deepEqual([...model.depth], [1, 1, 1, 2, 2, 1, 0, 1]);
});

test("what only constants hold is plumbing, outputs aside", () => {
  assert.deepEqual([...makeModel().plumbing], [0, 0, 1, 0, 0, 0, 0, 0]);
  assert.ok(makeModel({ sides: "RIKKKC" }).isPlumbing(FUSION));
  assert.ok(!makeModel({ sides: "RIKCCK" }).isPlumbing(SCORE));
});

test("an item has the weights under it, and a node the shape of its largest", () => {
  const model = makeModel();
  assert.equal(model.weights(FUSION), 4000);
  assert.equal(model.weightShape(MIX), "4×1000");
  assert.equal(model.weightShape(ACT), "");
});

test("what is reached from a vertex, in both directions", () => {
  const model = makeModel();
  assert.deepEqual([...model.reach([MIX], model.after)], [MIX, ACT, SCORE]);
  assert.deepEqual([...model.reach([MIX], model.before)].sort(), [USER, ITEM, WIDE, MIX]);
});

test("the vertices between two, whichever is named first", () => {
  const model = makeModel();
  const path = new Set([USER, MIX, ACT, SCORE]);
  assert.deepEqual(model.between(USER, SCORE), path);
  assert.deepEqual(model.between(SCORE, USER), path);
  assert.equal(model.between(USER, ITEM).size, 0);
});

test("neighbors by the number of edges away", () => {
  const model = makeModel();
  assert.deepEqual(model.near(SCORE, 1), new Set([SCORE, ACT]));
  assert.deepEqual(model.near(SCORE, 2), new Set([SCORE, ACT, MIX]));
});

test("search finds whole words first and constants last", () => {
  const model = makeModel({ names: ["mat", "item", "matmul", "a/mix", "mat", "score"] });
  assert.deepEqual(model.search("MATMUL"), [3, 2]);
  assert.deepEqual(model.search("mat"), [0, 4, 3, 2]);
  assert.deepEqual(model.search("W mi"), [MIX]);
  assert.deepEqual(model.search(""), []);
});

test("a node is called by its operator, an input by its name", () => {
  const model = makeModel();
  assert.deepEqual(model.titles(MIX), ["MatMul", "fusion/mix"]);
  assert.deepEqual(model.titles(USER), ["user", "input"]);
});

test("the path of a box is made of the names around it", () => {
  const parents = { boxes: ["", "a", "b"], parent: [0, 0, 0, 2, 2, 0, -1, 0, 1] };
  const model = makeModel(parents);
  assert.equal(model.path(8), "a\u0000b");
});
