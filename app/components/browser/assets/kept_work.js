// What this browser knows of kept work: the token of the latest for each model, so that who opens
// the same file again finds it; and a warning before work that is not kept is left.

const MEMORY = "mari works";
const MOST_MODELS = 50;

let unsaved = false;
let listening = false;

export default function watch({ data, setStateValue }) {
  unsaved = data.unsaved;
  if (!listening) window.addEventListener("beforeunload", warn);
  listening = true;
  const earlier = remember(openMemory(), data);
  if (earlier !== data.earlier) setStateValue("earlier", earlier);
}

// Returns the token of earlier work on this model, "" for none; kept work takes its place.
export function remember(memory, { sha256, token, kept }) {
  const works = new Map(recall(memory));
  const known = works.get(sha256) || "";
  if (!kept) return known === token ? "" : known;
  works.delete(sha256);
  works.set(sha256, token);
  write(memory, [...works].slice(-MOST_MODELS));
  return "";
}

function warn(event) {
  if (unsaved || isWriting(document)) event.preventDefault();
}

// Whether a note was begun and not sent.
export function isWriting(page) {
  return [...page.querySelectorAll("textarea")].some((field) => field.value.trim() !== "");
}

function openMemory() {
  try {
    return window.localStorage;
  } catch {
    return null; // not allowed
  }
}

function recall(memory) {
  try {
    const works = JSON.parse(memory.getItem(MEMORY));
    return Array.isArray(works) ? works.filter((one) => Array.isArray(one)) : [];
  } catch {
    return []; // written by something else, or not allowed
  }
}

function write(memory, works) {
  try {
    memory.setItem(MEMORY, JSON.stringify(works));
  } catch {
    // full, or not allowed: the address still leads to the work
  }
}
