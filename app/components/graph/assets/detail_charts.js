// Small charts in the panels: the elements of a weight, and the columns of a product's input.

import { shape } from "./dom.js";
import { grouped, plural } from "./figures.js";

const WIDTH = 300;
const HISTOGRAM_HEIGHT = 64;
const STRIP_HEIGHT = 22;
const BEFORE_TOP = 14;
const AFTER_TOP = 64;

// How the elements of a weight are distributed: bars between the least and the largest.
export function histogram(weight) {
  const height = HISTOGRAM_HEIGHT;
  const svg = shape("svg", {
    viewBox: `0 0 ${WIDTH} ${height + 18}`,
    class: "histogram",
    role: "img",
    "aria-label": `Distribution from ${weight.least} to ${weight.most}`,
  });
  const peak = Math.max(...weight.counts);
  const step = WIDTH / weight.counts.length;
  for (const [at, count] of weight.counts.entries()) {
    if (!count) continue;
    const tall = Math.max(1, (count / peak) * (height - 12));
    const place = { x: at * step + 0.5, y: height - tall, width: step - 1, height: tall };
    shape("title", {}, shape("rect", place, svg), plural(count, "element"));
  }
  shape("line", { x1: 0, x2: WIDTH, y1: height + 0.5, y2: height + 0.5 }, svg);
  shape("text", { x: 0, y: 9 }, svg, `${weight.peak} in the fullest`);
  shape("text", { x: 0, y: height + 14 }, svg, weight.least);
  shape("text", { x: WIDTH, y: height + 14, "text-anchor": "end" }, svg, weight.most);
  return svg;
}

// The columns before and after, to scale, and where each fragment went.
export function columnStrips(slices, theme) {
  const svg = shape("svg", {
    viewBox: `0 0 ${WIDTH} 104`,
    class: "strips",
    role: "img",
    "aria-label": `${slices.columns} columns before and after`,
  });
  const scale = (column) => (column / slices.columns) * WIDTH;
  for (const segment of slices.after) drawMove(svg, theme, scale, segment);
  shape("text", { x: 0, y: 10 }, svg, "columns before");
  for (const segment of slices.before) drawSegment(svg, theme, scale, segment, BEFORE_TOP);
  for (const segment of slices.after) drawSegment(svg, theme, scale, segment, AFTER_TOP);
  shape("text", { x: 0, y: 99 }, svg, "after");
  const total = `${grouped(slices.columns)} columns`;
  shape("text", { x: WIDTH, y: 99, "text-anchor": "end" }, svg, total);
  return svg;
}

// A band from a fragment's place before to its place after.
function drawMove(svg, theme, scale, [start, stop, letter, , from]) {
  if (from === undefined || from < 0) return;
  const [a, b, c, d] = [scale(from), scale(from + stop - start), scale(stop), scale(start)];
  const path = `M${a},36C${a},50 ${d},50 ${d},64L${c},64C${c},50 ${b},50 ${b},36Z`;
  const fill = theme.mark("side", letter).color;
  shape("path", { d: path, fill, "fill-opacity": 0.35 }, svg);
}

function drawSegment(svg, theme, scale, [start, stop, letter, name], y) {
  const mark = theme.mark("side", letter);
  const room = scale(stop) - scale(start);
  const box = shape(
    "rect",
    {
      x: scale(start),
      y,
      width: Math.max(room, 0.5),
      height: STRIP_HEIGHT,
      fill: mark.color,
      class: room > 3 ? "lined" : "",
    },
    svg,
  );
  const range = `${plural(stop - start, "column")}: ${grouped(start)} to ${grouped(stop - 1)}`;
  shape("title", {}, box, `${name}\n${range}\n${mark.name}`);
  if (room <= 13) return;
  const style = { "text-anchor": "middle", fill: theme.paint(mark.color).letter, class: "letter" };
  shape("text", { x: scale(start) + room / 2, y: y + 15, ...style }, svg, letter);
}
