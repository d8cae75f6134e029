import assert from "node:assert/strict";
import test from "node:test";
import { NodeStyles } from "../../../app/components/graph/assets/node_styles.js";
import { FUSION, ITEM, MIX, makeModel, ROOT, SCORE, USER } from "./small_graphs.mjs";

const MARKS = {
  side: ["R", "I", "C", "K"].map((letter) => ({ letter, color: `#${letter}`, name: letter })),
  change: ["=", "+", "x"].map((letter) => ({ letter, color: letter, name: letter, sign: letter })),
  decision: [{ letter: "S", color: "green", name: "split" }],
  flops: ["4", "1", "0"].map((letter) => ({ letter, color: letter, name: letter })),
};
const THEME = {
  marks: MARKS,
  mark: (overlay, letter) => MARKS[overlay].find((mark) => mark.letter === letter) || {},
};

function load(models, actions = "S") {
  const styles = new NodeStyles();
  styles.theme = THEME;
  styles.load({ decisions: { actions } }, models);
  return styles;
}

test("a document offers the overlays that it has something for", () => {
  const values = (styles) => styles.overlays.map(([value]) => value);
  const model = makeModel();
  const changed = makeModel({ changes: "======" });
  assert.deepEqual(values(load([model], "")), ["side", "flops"]);
  assert.deepEqual(values(load([changed])), ["side", "change", "decision", "flops"]);
  const both = load([changed, changed]);
  assert.deepEqual(values(both), ["change", "side", "decision", "flops"]);
  assert.equal(both.overlay, "change");
  assert.equal(both.nextOverlay, "side");
});

test("the overlay that was asked for is taken once a document has it", () => {
  const styles = new NodeStyles();
  styles.wish("decision");
  styles.load({ decisions: { actions: "" } }, [makeModel()]);
  assert.equal(styles.overlay, "side");
  styles.load({ decisions: { actions: "S" } }, [makeModel()]);
  assert.equal(styles.overlay, "decision");
});

test("letters of a vertex: side, decision, and tenths of the largest amount", () => {
  const model = makeModel();
  const styles = load([model]);
  assert.equal(styles.letter(model, MIX, "side"), "C");
  assert.equal(styles.letter(model, MIX, "decision"), "S");
  assert.equal(styles.letter(model, USER, "decision"), "·");
  assert.equal(styles.letter(model, MIX, "flops"), "4");
  assert.equal(styles.letter(model, 4, "flops"), "2");
  assert.equal(styles.letter(model, USER, "flops"), "0");
});

test("a box looks like the most of what it holds, with a bar of all", () => {
  const model = makeModel();
  const look = load([model]).look(model, ROOT, null);
  assert.equal(look.letter, "C");
  assert.equal(look.subtitle, "4 k weights");
  assert.deepEqual(
    look.bar.map(({ letter, count }) => [letter, count]),
    [
      ["R", 1],
      ["I", 1],
      ["C", 3],
      ["K", 1],
    ],
  );
});

test("a changed vertex keeps its side's letter, and shows the change", () => {
  const model = makeModel({ changes: "===x+=" });
  const styles = load([model]);
  styles.colorBy("change");
  const gone = styles.look(model, MIX, null);
  assert.ok(gone.hatched && gone.dashed && !gone.fresh);
  assert.deepEqual([gone.letter, gone.sign, gone.title], ["C", "x", "MatMul"]);
  assert.ok(styles.look(model, 4, null).fresh);
  assert.equal(styles.look(model, SCORE, null).sign, "");
});

test("what the legend hides, or is not lit, is dim; a box only where all in it is", () => {
  const model = makeModel({ sides: "RIKCKC" });
  const styles = load([model]);
  styles.hidden.add("C");
  const dim = (item, lit = null) => styles.look(model, item, lit).dim;
  assert.deepEqual([dim(MIX), dim(USER), dim(FUSION)], [true, false, false]);
  assert.equal(dim(ITEM, new Set([USER])), true);
  assert.equal(dim(USER, new Set([USER])), false);
  styles.colorBy("side");
  assert.equal(dim(MIX), false);
});
