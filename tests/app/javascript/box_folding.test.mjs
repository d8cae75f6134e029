import assert from "node:assert/strict";
import test from "node:test";
import { BoxFolding } from "../../../app/components/graph/assets/box_folding.js";
import { engine } from "./elk.mjs";
import { findFaults } from "./layout_faults.mjs";
import { ACT, FUSION, ITEM, MIX, makeModel, SCORE, USER, WIDE } from "./small_graphs.mjs";

const MANY = 1000;

function fold(changed) {
  return new BoxFolding(makeModel(changed), engine);
}

test("a closed box stands for all in it, and its wires are merged", () => {
  const folding = fold();
  assert.deepEqual(folding.visible, [USER, ITEM, SCORE, FUSION]);
  assert.deepEqual(folding.frames, []);
  assert.equal(folding.shown(MIX), FUSION);
  const ends = folding.wires.map(({ tail, head }) => [tail, head]);
  assert.deepEqual(ends, [
    [USER, FUSION],
    [ITEM, FUSION],
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

test("nothing overlaps, and no wire runs behind anything, whatever is open", () => {
  const model = makeModel();
  const folding = new BoxFolding(model, engine);
  assert.deepEqual(findFaults(model, folding), []);
  folding.openAll(MANY);
  folding.togglePlumbing();
  assert.deepEqual(findFaults(model, folding), []);
});

test("faults of a picture are found", () => {
  const model = makeModel();
  const folding = new BoxFolding(model, engine);
  folding.place[ITEM] = { ...folding.place[USER] };
  const [wire] = folding.wires;
  wire.points = [
    [folding.place[SCORE].x, 0],
    [folding.place[SCORE].x, 500],
  ];
  const faults = findFaults(model, folding);
  assert.ok(faults.includes("user lies on item"));
  assert.ok(faults.includes("user -> fusion runs behind score"));
});

test("lanes stand from left to right, and hold their items", () => {
  const { lanes, place } = fold();
  assert.deepEqual(
    lanes.map(({ name }) => name),
    ["User", "Item", "Where they meet", "Scores"],
  );
  for (const [item, { left, right }] of [USER, ITEM, FUSION, SCORE].map((one, at) => [
    one,
    lanes[at],
  ])) {
    assert.ok(left < place[item].x && place[item].x < right);
  }
});

test("shapes and constants are hidden until they are asked for", () => {
  const folding = fold();
  assert.equal(folding.shown(WIDE), -1);
  folding.togglePlumbing();
  assert.ok(folding.visible.includes(WIDE));
  assert.ok(folding.wires.some(({ tail }) => tail === WIDE));
  const revealed = fold();
  assert.equal(revealed.reveal([WIDE]), true);
  assert.equal(revealed.shown(WIDE), WIDE);
});

test("opening all stops before too much is visible", () => {
  const folding = fold();
  folding.openAll(5);
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
});

test("revealing opens the boxes around, and says whether any was closed", () => {
  const folding = fold();
  assert.equal(folding.reveal([ACT]), true);
  assert.equal(folding.reveal([ACT]), false);
  assert.equal(folding.shown(ACT), ACT);
});

test("keys walk to the nearest along a wire, and along the column", () => {
  const folding = fold();
  assert.equal(folding.leftmost, USER);
  assert.ok([USER, ITEM].includes(folding.neighbor(FUSION, "before")));
  assert.equal(folding.neighbor(FUSION, "after"), SCORE);
  assert.equal(folding.neighbor(SCORE, "after"), undefined);
  const alone = fold({ lanes: [], lane: Array(8).fill(-1) });
  const [upper, lower] = [USER, ITEM].sort((a, b) => alone.place[a].y - alone.place[b].y);
  assert.equal(alone.besides(upper, 1), lower);
  assert.equal(alone.besides(lower, 1), undefined);
});

test("wires lead from right borders to left ones, at places of their own", () => {
  const folding = fold();
  const box = folding.place[FUSION];
  const ends = folding.wires
    .filter(({ head }) => head === FUSION)
    .map((wire) => wire.points.at(-1));
  assert.ok(ends.every(([x]) => Math.abs(x - (box.x - box.width / 2)) < 1e-6));
  assert.equal(new Set(ends.map(([, y]) => y)).size, ends.length);
});

test("a wire tells the shape of what flows, and of several tensors how many", () => {
  const shapes = { texts: ["N×4"], codes: [0, 0, 0, 0, 0, 0] };
  const edges = { ends: [0, 3, 0, 4, 1, 3, 2, 3, 3, 4, 4, 5], sides: "RRIKCC", shapes };
  assert.equal(fold({ edges }).wires[0].label, "N×4");
  const boxed = {
    parent: [1, 1, 0, 0, 0, 0, -1, 0],
    boxes: ["", "inputs"],
    lane: Array(8).fill(-1),
  };
  assert.equal(fold({ ...boxed, lanes: [] }).wires[0].label, "2×");
});

test("a wire for edges of several sides is candidate side as soon as one is", () => {
  const shapes = { texts: [""], codes: [0, 0, 0, 0] };
  const edges = { ends: [0, 3, 0, 4, 3, 4, 4, 5], sides: "RCCC", shapes };
  const [wire] = fold({ edges }).wires;
  assert.deepEqual([wire.count, wire.side], [2, "C"]);
});
