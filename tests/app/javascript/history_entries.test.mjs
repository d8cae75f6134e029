import assert from "node:assert/strict";
import { test } from "node:test";

import { keepOnePerPage } from "../../../app/components/browser/assets/history_entries.js";

// A history whose entries are kept as addresses, the last one shown.
function browse(start) {
  const entries = [start];
  const at = (address) => new URL(address ?? "", entries.at(-1)).href;
  const history = {
    pushState: (_state, _title, address) => entries.push(at(address)),
    replaceState: (_state, _title, address) => entries.splice(-1, 1, at(address)),
  };
  keepOnePerPage(history, () => entries.at(-1));
  keepOnePerPage(history, () => entries.at(-1)); // every page asks for it
  return { entries, history };
}

test("choices on a page replace its entry, another page adds one", () => {
  const { entries, history } = browse("http://mari/labels?sample=a");
  history.pushState({}, "", "/labels?sample=a&confirmed=1");
  history.pushState({}, "", "?sample=b");
  history.pushState({}, "");
  history.pushState({}, "", "/graph?sample=b");
  history.pushState({}, "", "http://mari/graph");
  history.pushState({}, "", "/");
  assert.deepEqual(entries, ["http://mari/labels?sample=b", "http://mari/graph", "http://mari/"]);
});
