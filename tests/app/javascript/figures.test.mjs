import assert from "node:assert/strict";
import test from "node:test";
import {
  describeWork,
  duration,
  figure,
  plural,
} from "../../../app/components/graph/assets/figures.js";

test("a figure has three digits and a prefix", () => {
  assert.equal(figure(0), "0 FLOP");
  assert.equal(figure(999), "999 FLOP");
  assert.equal(figure(1234567), "1.23 MFLOP");
  assert.equal(figure(999600), "1 MFLOP");
  assert.equal(figure(2e18, "B"), "2000 PB");
});

test("a duration is in the unit that fits", () => {
  assert.equal(duration(12.345), "12.3 µs");
  assert.equal(duration(1500), "1.5 ms");
});

test("work names its parts, and leaves out what is zero", () => {
  assert.equal(describeWork([1000, 5]), "1 kFLOP per request + 5 FLOP per candidate");
  assert.equal(describeWork([0, 5]), "5 FLOP per candidate");
  assert.equal(describeWork([0, 0]), "none");
  assert.equal(describeWork([0, 0, 9]), "9 FLOP per pair of candidates");
});

test("a count has its noun", () => {
  assert.equal(plural(1, "node"), "1 node");
  assert.equal(plural(1234, "node"), "1,234 nodes");
});
