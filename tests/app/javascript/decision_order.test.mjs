import assert from "node:assert/strict";
import test from "node:test";
import { DecisionOrder } from "../../../app/components/graph/assets/decision_order.js";

const DECISIONS = {
  actions: "KSKS",
  before: [
    [10, 0],
    [0, 5],
    [0, 9],
    [100, 10],
  ],
  after: [
    [10, 0],
    [1, 1],
    [0, 9],
    [50, 2],
  ],
};

test("the largest gains come first, then what is kept, the costliest first", () => {
  const order = new DecisionOrder(DECISIONS, 100);
  assert.deepEqual(order.indices, [3, 1, 2, 0]);
  assert.equal(order.changed, 2);
  assert.equal(order.size, 4);
  assert.equal(order.most, 1100);
});

test("a decision that changed nothing is not among the changes", () => {
  const decisions = {
    ...DECISIONS,
    actions: "OSFS",
    after: [
      [10, 0],
      [1, 1],
      [0, 9],
      [50, 2],
    ],
  };
  const order = new DecisionOrder(decisions, 100, (index) => index === 0);
  assert.deepEqual(order.indices, [3, 1, 2, 0]);
  assert.equal(order.changed, 3);
});

test("costs are of one request with all its candidates", () => {
  const order = new DecisionOrder(DECISIONS, 100);
  assert.deepEqual([order.before(3), order.after(3)], [1100, 250]);
  assert.deepEqual(new DecisionOrder(DECISIONS, 1).indices, [3, 1, 0, 2]);
});

test("no decisions are an order too", () => {
  const order = new DecisionOrder({ actions: "" }, 500);
  assert.deepEqual([order.size, order.changed, order.most], [0, 0, 1]);
});
