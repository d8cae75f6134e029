// The drawing as a file: everything that is open, of all panes shown, not only what is in view.

const MOST_PIXELS = 12000;
const EDGE = 30;
const BAND = 44;

Object.assign(Studio.prototype, {
  saveDrawing() {
    save(new Blob([this.draft().text], { type: "image/svg+xml" }), "graph.svg");
  },

  savePicture() {
    const { text, width, height } = this.draft();
    const scale = Math.min(2, MOST_PIXELS / Math.max(width, height));
    const image = new Image();
    const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    image.addEventListener("load", () => {
      const canvas = document.createElement("canvas");
      canvas.width = Math.ceil(width * scale);
      canvas.height = Math.ceil(height * scale);
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      URL.revokeObjectURL(url);
      canvas.toBlob((blob) => save(blob, "graph.png"));
    });
    image.src = url;
  },

  // An SVG of the panes side by side, their titles above and the legend below.
  draft() {
    const panes = this.shown;
    const sizes = panes.map(({ folding }) => folding.bounds);
    const tall = Math.max(...sizes.map(({ height }) => height));
    const width = Math.max(760, sizes.reduce((sum, size) => sum + size.width + 2 * EDGE, 0));
    const height = tall + 2 * EDGE + 2 * BAND;
    const svg = shape("svg", { xmlns: "http://www.w3.org/2000/svg", width, height,
      viewBox: `0 0 ${width} ${height}`, "font-family": "Source Sans 3, Source Sans Pro, sans-serif" });
    const { theme } = this;
    shape("rect", { width, height, fill: theme.background }, svg);
    const defs = shape("defs", {}, svg);
    const hatch = shape("pattern", { id: "hatch", width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, defs);
    shape("rect", { width: 1.6, height: 8, fill: theme.text, "fill-opacity": 0.22 }, hatch);
    let left = 0;
    panes.forEach((pane, at) => {
      const group = shape("g", { transform: `translate(${left + EDGE - sizes[at].left}, ${BAND + EDGE - sizes[at].top})` }, svg);
      shape("text", { x: left + EDGE, y: 30, "font-size": 17, "font-weight": 700, fill: theme.text }, svg, pane.model.data.title);
      sketch(pane, theme, group);
      left += sizes[at].width + 2 * EDGE;
      if (at + 1 < panes.length) shape("line", { x1: left, x2: left, y1: 8, y2: height - BAND, stroke: theme.line }, svg);
    });
    let x = EDGE;
    for (const entry of this.find(".legend").children) {
      const mark = theme.mark(this.overlay, entry.dataset.letter);
      shape("circle", { cx: x + 9, cy: height - BAND / 2, r: 9, fill: mark.color }, svg);
      shape("text", { x: x + 9, y: height - BAND / 2 + 4.5, "font-size": 12, "font-weight": 700, "text-anchor": "middle",
        fill: theme.paint(mark.color).letter }, svg, mark.sign || mark.letter);
      shape("text", { x: x + 24, y: height - BAND / 2 + 5, "font-size": 13, fill: theme.text }, svg, mark.name);
      x += 46 + mark.name.length * 6.6;
    }
    return { text: new XMLSerializer().serializeToString(svg), width, height };
  },
});

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// One pane: frames, wires, nodes and their texts, as they are open now.
function sketch(pane, theme, group) {
  const { folding, looks } = pane;
  const ctx = document.createElement("canvas").getContext("2d");
  const write = (text, x, y, size, room, style) => {
    ctx.font = `600 ${size}px ${theme.font}`;
    shape("text", { x, y, "font-size": size, ...style }, group, shortened(ctx, text, room));
  };
  for (const box of folding.frames) {
    const { x, y, width, height } = folding.place[box];
    shape("rect", { x: x - width / 2, y: y - height / 2, width, height, rx: 10,
      fill: looks.get(box).depth % 2 ? theme.text : theme.background, "fill-opacity": looks.get(box).depth % 2 ? 0.045 : 1,
      stroke: theme.text, "stroke-opacity": 0.25 }, group);
  }
  for (const wire of folding.wires) {
    const { color } = theme.mark("side", wire.side);
    const dim = looks.get(wire.tail).dim || looks.get(wire.head).dim;
    const style = { stroke: color, opacity: dim ? 0.1 : 0.8 };
    shape("path", { d: wirePath(wire.points), fill: "none", "stroke-width": wire.count > 1 ? 3 : 1.6, ...style }, group);
    const [x, y] = wire.points[wire.points.length - 1];
    shape("path", { d: `M${x},${y}l-4.5,-9h9Z`, fill: color, opacity: style.opacity }, group);
  }
  for (const box of folding.frames) {
    const { x, y, width, height } = folding.place[box];
    write(looks.get(box).title, x - width / 2 + 14, y - height / 2 + 22, 14, width - 28,
      { "font-weight": 600, fill: theme.muted, stroke: theme.background, "stroke-width": 4, "paint-order": "stroke" });
  }
  for (const item of folding.visible) sketchItem(pane, theme, group, item, write);
}

function sketchItem({ folding, looks, model }, theme, parent, item, write) {
  const look = looks.get(item);
  const paint = theme.paint(look.color || theme.line);
  const { x, y, width, height } = folding.place[item];
  const left = x - width / 2;
  const top = y - height / 2;
  const group = shape("g", { opacity: look.dim ? 0.2 : 1 }, parent);
  const into = (...given) => {
    write(...given);
    group.append(parent.lastChild);
  };
  if (model.isBox(item)) {
    shape("rect", { x: left + 4, y: top + 4, width, height, rx: 7, fill: theme.background, stroke: theme.line }, group);
    shape("rect", { x: left, y: top, width, height, rx: 7, fill: theme.background, stroke: theme.line }, group);
    let at = left + 7;
    for (const { color, share } of look.bar) {
      shape("rect", { x: at, y: top + height - 15, width: (width - 14) * share, height: 10, fill: color }, group);
      at += (width - 14) * share;
    }
    into(look.title, left + 12, top + 19, 14, width - 24, { "font-weight": 600, fill: theme.text });
    into(look.subtitle, left + 12, top + 34, 11.5, width - 24, { fill: theme.muted });
    return;
  }
  const outline = look.side === "I"
    ? ["path", { d: `M${left + 11},${top}H${left + width - 11}L${left + width},${y}L${left + width - 11},${top + height}H${left + 11}L${left},${y}Z` }]
    : ["rect", { x: left, y: top, width, height, rx: look.side === "R" ? height / 2 : 4 }];
  shape(outline[0], { ...outline[1], fill: paint.fill, stroke: paint.border, "stroke-width": look.fresh ? 3.5 : 2,
    "stroke-dasharray": look.dashed ? "5 4" : "none" }, group);
  if (look.hatched) shape(outline[0], { ...outline[1], fill: "url(#hatch)" }, group);
  shape("circle", { cx: left + 19, cy: y, r: 11, fill: paint.strong }, group);
  shape("text", { x: left + 19, y: y + 4.5, "font-size": 13, "font-weight": 700, "text-anchor": "middle", fill: paint.letter }, group, look.letter);
  into(look.title, left + 35, look.subtitle ? y - 3 : y + 5, 14, width - 46, { "font-weight": 600, fill: theme.text });
  if (look.subtitle) into(look.subtitle, left + 35, y + 13, 11.5, width - 46, { fill: theme.muted });
  if (look.sign) {
    shape("circle", { cx: left + width - 4, cy: top, r: 9, fill: paint.strong }, group);
    shape("text", { x: left + width - 4, y: top + 4.5, "font-size": 12, "font-weight": 700, "text-anchor": "middle", fill: paint.letter }, group, look.sign);
  }
}

function wirePath(points) {
  let [x, y] = points[0];
  let path = `M${x},${y}`;
  for (const [toX, toY] of points.slice(1)) {
    const pull = toY > y ? Math.max((toY - y) / 2, 8) : 60;
    path += `C${x},${y + pull} ${toX},${toY - pull} ${toX},${toY}`;
    [x, y] = [toX, toY];
  }
  return path;
}
