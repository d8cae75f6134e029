import assert from "node:assert/strict";
import test from "node:test";
import { DetailsChannel } from "../../../app/components/graph/assets/details_channel.js";
import carry from "../../../app/components/graph/assets/selection_bridge.js";

// What of a browser's page the two components use.
class DetailEvent extends Event {
  constructor(name, { detail }) {
    super(name);
    this.detail = detail;
  }
}
globalThis.window = new EventTarget();
globalThis.CustomEvent = DetailEvent;

const ASKED = { id: "scene", pane: 0, at: 3 };
const ANSWER = { pane: 0, at: 3, found: { roles: "user" } };

function openChannel(t) {
  const answers = [];
  const channel = new DetailsChannel((answer) => answers.push(answer));
  channel.open("graph");
  channel.scene = "scene";
  t.after(() => channel.close());
  return { channel, answers };
}

// Puts the bridge on the page; returns what it asks of Python from then on.
function mount(t, details = null, graph = "graph") {
  const asked = [];
  const data = { graph, id: "scene", details };
  t.after(carry({ data, setStateValue: (name, value) => asked.push([name, value]) }));
  return asked;
}

test("a question reaches Python, and its answer the graph", (t) => {
  const { channel, answers } = openChannel(t);
  const first = mount(t);
  channel.ask({ pane: 0, at: 3 });
  assert.deepEqual(first, [["asked", ASKED]]);
  const second = mount(t, ANSWER);
  assert.deepEqual(answers, [ANSWER]);
  assert.deepEqual(second, []);
});

test("a question from before the bridge was there is asked again, once", (t) => {
  const { channel } = openChannel(t);
  channel.ask({ pane: 0, at: 3 });
  assert.deepEqual(mount(t), [["asked", ASKED]]);
  assert.deepEqual(mount(t), []);
});

test("an answer to another question leaves the last one open", (t) => {
  const { channel, answers } = openChannel(t);
  channel.ask({ pane: 0, at: 3 });
  const other = { pane: 0, at: 4, found: {} };
  assert.deepEqual(mount(t, other), [["asked", ASKED]]);
  assert.deepEqual(answers, [other]);
});

test("only the bridge that was mounted last asks", (t) => {
  const { channel } = openChannel(t);
  const first = mount(t);
  const second = mount(t);
  channel.ask({ pane: 0, at: 3 });
  assert.deepEqual([first.length, second.length], [0, 1]);
});

test("graphs do not hear each other, nor of a document that is gone", (t) => {
  const { channel, answers } = openChannel(t);
  const other = mount(t, ANSWER, "another");
  channel.ask({ pane: 0, at: 3 });
  assert.deepEqual(other, []);
  channel.scene = "newer";
  mount(t, ANSWER);
  assert.deepEqual(answers, []);
});
