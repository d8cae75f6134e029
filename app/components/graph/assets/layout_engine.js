// ELK's layered layout, called without waiting: its worker is an object of this page.

import { ElkEngine } from "./elk_engine.js";
import { ElkWorker } from "./elk_worker.js";

let engine = null;

// Returns the page's only engine, made when it is first needed.
export function getEngine() {
  engine ??= new ElkEngine(new ElkWorker());
  return engine;
}
