import assert from "node:assert/strict";
import test from "node:test";
import { decodeView, encodeView } from "../../../app/components/graph/assets/url_state.js";

const VIEW = {
  show: "left",
  fold: "parts",
  by: "side",
  hide: "RK",
  find: "a & b",
  tab: "nodes",
  pane: 1,
  node: "<b>/MatMul",
  open: [[0, 3], [0]],
  at: [
    [10.4, -3.6, 0.123456],
    [0, 0, 1],
  ],
};

test("a view comes back from its address", () => {
  const text = encodeView(new URLSearchParams(), VIEW, {}).toString();
  const back = decodeView(new URLSearchParams(text));
  const rounded = [
    [10, -4, 0.123],
    [0, 0, 1],
  ];
  assert.deepEqual(back, { ...VIEW, at: rounded });
});

test("what is as usual is left out, and what is another's is kept", () => {
  const given = new URLSearchParams("sample=tower&show=right&by=flops");
  const usual = { show: "left", fold: "parts", by: "side", tab: "nodes", pane: "1" };
  const params = encodeView(given, VIEW, usual);
  assert.equal(params.get("sample"), "tower");
  for (const name of Object.keys(usual)) assert.equal(params.has(name), false);
  assert.equal(params.get("hide"), "RK");
});

test("an address without a view asks for nothing", () => {
  const view = decodeView(new URLSearchParams("sample=tower"));
  assert.deepEqual([view.show, view.tab, view.by, view.find, view.fold], ["", "", "", "", ""]);
  assert.equal(view.node, null);
  assert.equal(view.pane, 0);
  assert.deepEqual(view.open, [[]]);
  assert.ok(!(view.at[0][2] > 0));
});

test("too many open boxes for an address are left out", () => {
  const open = [Array.from({ length: 151 }, (_, at) => at)];
  assert.equal(encodeView(new URLSearchParams(), { ...VIEW, open }, {}).has("open"), false);
});

test("a hostile address decodes to harmless values", () => {
  const view = decodeView(new URLSearchParams("open=x.y_&at=a~b~c&pane=-1&node="));
  assert.deepEqual(view.open, [[Number.NaN, Number.NaN], []]);
  assert.ok(!(view.at[0][2] > 0));
  assert.equal(view.pane, -1);
});
