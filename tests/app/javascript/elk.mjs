// The layout engine as node loads it: in the browser it is part of the component's one script.

import { createRequire } from "node:module";
import { ElkEngine } from "../../../app/components/graph/assets/elk_engine.js";

const load = createRequire(import.meta.url);
const { Worker } = load("../../../app/components/graph/assets/elk/elk-worker.min.cjs");

export const engine = new ElkEngine(new Worker());
