import assert from "node:assert/strict";
import test from "node:test";
import { BoxFolding, spread } from "../../../app/components/graph/assets/box_folding.js";
import { ACT, FUSION, ITEM, MIX, makeModel, SCORE, USER, WIDE } from "./small_graphs.mjs";

const MANY = 1000;

function fold(changed) {
  return new BoxFolding(makeModel(changed));
}

test("a closed box stands for all in it, and its wires are merged", () => {
  const folding = fold();
  assert.deepEqual(folding.visible, [USER, ITEM, WIDE, FUSION, SCORE]);
  assert.deepEqual(folding.frames, []);
  assert.equal(folding.shown(MIX), FUSION);
  const ends = folding.wires.map(({ tail, head }) => [tail, head]);
  assert.deepEqual(ends, [
    [USER, FUSION],
    [ITEM, FUSION],
    [WIDE, FUSION],
    [FUSION, SCORE],
  ]);
});

test("toggling opens and closes, with the same places as before", () => {
  const folding = fold();
  const before = structuredClone(folding.place);
  folding.toggle(FUSION);
  assert.deepEqual(folding.frames, [FUSION]);
  assert.ok(folding.visible.includes(MIX));
  assert.ok(folding.place[FUSION].height > before[FUSION].height);
  folding.toggle(FUSION);
  assert.deepEqual(folding.place, before);
});

test("nothing overlaps, whatever is open", () => {
  const closed = fold();
  const open = fold();
  open.openAll(MANY);
  for (const folding of [closed, open]) {
    const rows = new Map();
    for (const item of folding.visible) {
      const { x, y, width } = folding.place[item];
      rows.set(y, [...(rows.get(y) || []), [x - width / 2, x + width / 2]]);
    }
    for (const row of rows.values()) {
      row.sort((a, b) => a[0] - b[0]);
      for (let at = 1; at < row.length; at += 1) assert.ok(row[at - 1][1] <= row[at][0]);
    }
  }
});

test("a frame lies around what it holds", () => {
  const folding = fold();
  folding.openAll(MANY);
  const frame = folding.place[FUSION];
  for (const item of [MIX, ACT]) {
    const inner = folding.place[item];
    assert.ok(Math.abs(inner.x - frame.x) + inner.width / 2 <= frame.width / 2);
    assert.ok(Math.abs(inner.y - frame.y) + inner.height / 2 <= frame.height / 2);
  }
});

test("opening all stops before too much is visible", () => {
  const folding = fold();
  folding.openAll(6);
  assert.ok(!folding.isOpen(FUSION));
  folding.openAll(MANY);
  assert.ok(folding.isOpen(FUSION));
});

test("at first only what stays readable is open", () => {
  const small = fold();
  small.openFirst(100, 100);
  assert.ok(!small.isOpen(FUSION));
  const large = fold();
  large.openFirst(5000, 5000);
  assert.ok(large.isOpen(FUSION));
  const constant = fold({ sides: "RIKKKC" });
  constant.openFirst(5000, 5000);
  assert.ok(!constant.isOpen(FUSION));
});

test("revealing opens the boxes around, and says whether any was closed", () => {
  const folding = fold();
  assert.equal(folding.reveal([ACT]), true);
  assert.equal(folding.reveal([ACT]), false);
  assert.equal(folding.shown(ACT), ACT);
});

test("keys walk to the nearest along a wire, and along the row", () => {
  const folding = fold();
  assert.equal(folding.neighbor(FUSION, "before"), ITEM);
  assert.equal(folding.neighbor(FUSION, "after"), SCORE);
  assert.equal(folding.neighbor(SCORE, "after"), undefined);
  assert.equal(folding.besides(ITEM, 1), WIDE);
  assert.equal(folding.besides(WIDE, 1), undefined);
});

test("wires end at the borders of their items, side by side", () => {
  const folding = fold();
  const box = folding.place[FUSION];
  const ends = folding.wires
    .filter(({ head }) => head === FUSION)
    .map((wire) => wire.points.at(-1));
  assert.ok(ends.every(([, y]) => y === box.y - box.height / 2));
  assert.equal(new Set(ends.map(([x]) => x)).size, 3);
  assert.ok(ends[0][0] < ends[1][0] && ends[1][0] < ends[2][0]);
});

test("a wire for edges of several sides is candidate side as soon as one is", () => {
  const edges = { ends: [0, 3, 0, 4, 3, 4, 4, 5], sides: "RCCC" };
  const [wire] = fold({ edges }).wires;
  assert.deepEqual([wire.count, wire.side], [2, "C"]);
});

test("centers stay in order and apart, near the wanted ones", () => {
  const sizes = [{ width: 100 }, { width: 100 }, { width: 100 }];
  assert.deepEqual(spread([-200, 0, 200], sizes), [-200, 0, 200]);
  assert.deepEqual(spread([0, 0, 0], sizes), [-124, 0, 124]);
});
