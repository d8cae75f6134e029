// Reads the scenes in the files that are named; writes the faults of each pane, closed and opened.

import { readFileSync } from "node:fs";
import { BoxFolding } from "../../../app/components/graph/assets/box_folding.js";
import { GraphModel } from "../../../app/components/graph/assets/graph_model.js";
import { engine } from "./elk.mjs";
import { findFaults } from "./layout_faults.mjs";

const MOST_OPENED = 80;

function examine(data) {
  const model = new GraphModel(data);
  const folding = new BoxFolding(model, engine);
  const closed = findFaults(model, folding);
  const lanes = folding.lanes.map(({ name }) => name);
  const wires = folding.wires.length;
  folding.openAll(MOST_OPENED);
  return {
    closed,
    opened: findFaults(model, folding),
    lanes,
    wires,
    shown: folding.visible.length,
  };
}

const found = process.argv.slice(2).map((file) => {
  const { panes } = JSON.parse(readFileSync(file, "utf8"));
  return panes.map(examine);
});
process.stdout.write(JSON.stringify(found));
