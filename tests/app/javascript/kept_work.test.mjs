import assert from "node:assert/strict";
import { test } from "node:test";

import { isWriting, remember } from "../../../app/components/browser/assets/kept_work.js";

function makeMemory() {
  const texts = new Map();
  return {
    getItem: (name) => texts.get(name) ?? null,
    setItem: (name, text) => texts.set(name, text),
  };
}

test("who opens a model again is told of the work that was kept of it", () => {
  const memory = makeMemory();
  assert.equal(remember(memory, { sha256: "a", token: "1", kept: false }), "");
  assert.equal(remember(memory, { sha256: "a", token: "1", kept: true }), "");
  assert.equal(remember(memory, { sha256: "a", token: "1", kept: false }), "");
  assert.equal(remember(memory, { sha256: "b", token: "2", kept: false }), "");
  assert.equal(remember(memory, { sha256: "a", token: "3", kept: false }), "1");
  assert.equal(remember(memory, { sha256: "a", token: "3", kept: true }), "");
  assert.equal(remember(memory, { sha256: "a", token: "4", kept: false }), "3");
});

test("the models that were kept last are known", () => {
  const memory = makeMemory();
  for (let at = 0; at < 60; at++) {
    remember(memory, { sha256: `model ${at}`, token: `${at}`, kept: true });
  }
  assert.equal(remember(memory, { sha256: "model 0", token: "x", kept: false }), "");
  assert.equal(remember(memory, { sha256: "model 59", token: "x", kept: false }), "59");
});

test("a browser without a memory, or with another's text in it, knows nothing", () => {
  const odd = makeMemory();
  odd.setItem("mari works", '{"a": 1}');
  for (const memory of [null, odd]) {
    assert.equal(remember(memory, { sha256: "a", token: "1", kept: false }), "");
    assert.equal(remember(memory, { sha256: "a", token: "1", kept: true }), "");
  }
});

test("a note that was begun counts as unsaved", () => {
  const page = (...texts) => ({ querySelectorAll: () => texts.map((value) => ({ value })) });
  assert.equal(isWriting(page("", "  ")), false);
  assert.equal(isWriting(page("", "Why?")), true);
});
