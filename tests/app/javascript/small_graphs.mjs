// Small graphs in the columns that Python sends, for what reads them.

import { GraphModel } from "../../../app/components/graph/assets/graph_model.js";

// user and item lead into `mix`, in a box; that leads to `score`. "wide" is a constant.
//
//   user   item   wide
//      \    |    /
//   [ mix -> act ]      the box "fusion"
//          |
//        score
export function makeColumns(changed = {}) {
  return {
    title: "Original",
    names: ["user", "item", "wide", "fusion/mix", "fusion/act", "score"],
    labels: ["user", "item", "wide", "mix", "act", "score"],
    ops: { texts: ["input", "MatMul", "Relu", "output"], codes: [0, 0, 0, 1, 2, 3] },
    kinds: "iiinno",
    sides: "RIKCCC",
    changes: "",
    flops: [0, 0, 0, 2000, 20, 0],
    times: [],
    left: [],
    decisions: [[3, 0]],
    boxes: ["", "fusion"],
    edges: {
      ends: [0, 3, 1, 3, 2, 3, 3, 4, 4, 5],
      sides: "RIKCC",
      shapes: { texts: ["N×4", "N×1"], codes: [0, 0, 0, 0, 1] },
    },
    weights: [0, 0, 0, 4000, 0, 0],
    weightShapes: { texts: ["", "4×1000"], codes: [0, 0, 0, 1, 0, 0] },
    tensors: ["", "", "", "W mixed", "", ""],
    parent: [0, 0, 0, 1, 1, 0, -1, 0],
    lane: [0, 1, 1, -1, -1, 4, -1, 2],
    lanes: ["User", "Item", "Where they meet", "Per candidate", "Scores"],
    ...changed,
  };
}

export const USER = 0;
export const ITEM = 1;
export const WIDE = 2;
export const MIX = 3;
export const ACT = 4;
export const SCORE = 5;
export const ROOT = 6;
export const FUSION = 7;

export function makeModel(changed) {
  return new GraphModel(makeColumns(changed));
}

// A pane, as far as search, list and selection read it.
export function makePane(changed) {
  return { model: makeModel(changed), lit: null, linked: new Set(), selected: -1 };
}
