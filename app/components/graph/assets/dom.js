// The pieces that the panels are built of. Everything is set as text: names come from models.

function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== "") made.textContent = text;
  return made;
}

function button(text, action, className = "") {
  const made = element("button", className, text);
  made.addEventListener("click", action);
  return made;
}

function shape(name, attributes, parent, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

function table(rows) {
  const made = element("table");
  for (const [key, value] of rows) {
    const row = element("tr");
    row.append(element("th", "", key));
    const cell = element("td");
    if (value instanceof Node) cell.append(value);
    else cell.textContent = value;
    row.append(cell);
    made.append(row);
  }
  return made;
}

// Three digits and a prefix: 1.23 MFLOP.
function figure(number, unit = "FLOP") {
  let value = number;
  let prefix = "";
  for (const next of ["k", "M", "G", "T", "P"]) {
    if (Math.abs(value) < 999.5) break;
    value /= 1000;
    prefix = next;
  }
  return `${Number(value.toPrecision(3))} ${prefix}${unit}`;
}

// Microseconds in the unit that fits.
function duration(time) {
  if (time >= 1000) return `${Number((time / 1000).toPrecision(3))} ms`;
  return `${Number(time.toPrecision(3))} µs`;
}

// [per request, per candidate] in words; what is zero is left out.
function work([request, candidate]) {
  const parts = [];
  if (request) parts.push(`${figure(request)} per request`);
  if (candidate) parts.push(`${figure(candidate)} per candidate`);
  return parts.join(" + ") || "none";
}

function plural(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

// How the elements of a weight are distributed: bars between its least and its largest.
function histogram(weight) {
  const width = 300;
  const height = 64;
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height + 18}`, class: "histogram", role: "img",
    "aria-label": `Distribution from ${weight.least} to ${weight.most}` });
  const peak = Math.max(...weight.counts);
  const step = width / weight.counts.length;
  weight.counts.forEach((count, at) => {
    if (!count) return;
    const tall = Math.max(1, (count / peak) * (height - 12));
    const bar = shape("rect", { x: at * step + 0.5, y: height - tall, width: step - 1, height: tall }, svg);
    shape("title", {}, bar, plural(count, "element"));
  });
  shape("line", { x1: 0, x2: width, y1: height + 0.5, y2: height + 0.5 }, svg);
  shape("text", { x: 0, y: 9 }, svg, `${weight.peak} in the fullest`);
  shape("text", { x: 0, y: height + 14 }, svg, weight.least);
  shape("text", { x: width, y: height + 14, "text-anchor": "end" }, svg, weight.most);
  return svg;
}

// The columns of a product's input before and after, to scale, and where each fragment went.
function strips(slices, theme) {
  const width = 300;
  const svg = shape("svg", { viewBox: `0 0 ${width} 104`, class: "strips", role: "img",
    "aria-label": `${slices.columns} columns before and after` });
  const at = (column) => (column / slices.columns) * width;
  const draw = (segments, y) => {
    for (const [start, stop, letter, name] of segments) {
      const mark = theme.mark("side", letter);
      const room = at(stop) - at(start);
      const box = shape("rect", { x: at(start), y, width: Math.max(room, 0.5), height: 22,
        fill: mark.color, class: room > 3 ? "lined" : "" }, svg);
      const many = stop - start;
      shape("title", {}, box, `${name}\n${plural(many, "column")}: ${start.toLocaleString("en")} to ${(stop - 1).toLocaleString("en")}\n${mark.name}`);
      if (room > 13) {
        shape("text", { x: at(start) + room / 2, y: y + 15, "text-anchor": "middle",
          fill: theme.paint(mark.color).letter, class: "letter" }, svg, letter);
      }
    }
  };
  for (const [start, stop, letter, , from] of slices.after) {
    if (from === undefined || from < 0) continue;
    const ends = [at(from), at(from + stop - start), at(stop), at(start)];
    shape("path", { d: `M${ends[0]},36C${ends[0]},50 ${ends[3]},50 ${ends[3]},64L${ends[2]},64C${ends[2]},50 ${ends[1]},50 ${ends[1]},36Z`,
      fill: theme.mark("side", letter).color, "fill-opacity": 0.35 }, svg);
  }
  shape("text", { x: 0, y: 10 }, svg, "columns before");
  draw(slices.before, 14);
  draw(slices.after, 64);
  shape("text", { x: 0, y: 99 }, svg, "after");
  shape("text", { x: width, y: 99, "text-anchor": "end" }, svg, `${slices.columns.toLocaleString("en")} columns`);
  return svg;
}
