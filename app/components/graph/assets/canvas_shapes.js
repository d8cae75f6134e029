// Shapes and colors on a canvas. A side is told by color, by shape and by its letter.

class Theme {
  constructor(element, marks) {
    const style = getComputedStyle(element);
    const read = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
    this.background = read("--st-background-color", "#ffffff");
    this.text = read("--st-text-color", "#1c2733");
    this.accent = read("--st-primary-color", "#2272b4");
    this.font = read("--st-font", "sans-serif");
    const rgb = parse(this.background);
    this.dark = rgb[0] * 0.3 + rgb[1] * 0.59 + rgb[2] * 0.11 < 128;
    this.muted = blend(this.text, this.background, 0.65);
    this.line = blend(this.text, this.background, 0.35);
    this.faint = blend(this.text, this.background, 0.12);
    this.marks = marks;
    this.known = new Map();
  }

  mark(overlay, letter) {
    return this.marks[overlay].find((mark) => mark.letter === letter)
      || { color: this.line, letter: "", name: "not known" };
  }

  // Fill, border and text colors for a mark.
  paint(color) {
    if (!this.known.has(color)) {
      const [r, g, b] = parse(color);
      this.known.set(color, {
        border: this.dark ? blend(color, "#ffffff", 0.85) : blend(color, "#000000", 0.85),
        fill: blend(color, this.background, this.dark ? 0.3 : 0.2),
        strong: color,
        letter: r * 0.3 + g * 0.59 + b * 0.11 > 140 ? "#10161d" : "#ffffff",
      });
    }
    return this.known.get(color);
  }
}

function parse(color) {
  const hex = color.replace("#", "");
  if (/^[0-9a-f]{6}/i.test(hex)) return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
  if (/^[0-9a-f]{3}$/i.test(hex)) return [...hex].map((digit) => parseInt(digit + digit, 16));
  return (color.match(/[\d.]+/g) || [128, 128, 128]).slice(0, 3).map(Number);
}

function blend(color, other, share) {
  const a = parse(color);
  const b = parse(other);
  const mix = a.map((part, at) => Math.round(part * share + b[at] * (1 - share)));
  return `rgb(${mix.join(",")})`;
}

// Request: ends fully round. Item: cut corners. Candidate: a rectangle. Constant: dashed.
function trace(ctx, side, x, y, width, height) {
  const left = x - width / 2;
  const top = y - height / 2;
  ctx.beginPath();
  if (side === "I") {
    const cut = 11;
    ctx.moveTo(left + cut, top);
    ctx.lineTo(left + width - cut, top);
    ctx.lineTo(left + width, y);
    ctx.lineTo(left + width - cut, top + height);
    ctx.lineTo(left + cut, top + height);
    ctx.lineTo(left, y);
    ctx.closePath();
  } else {
    ctx.roundRect(left, top, width, height, side === "R" ? height / 2 : 4);
  }
}

function shortened(ctx, text, room) {
  if (ctx.measureText(text).width <= room) return text;
  let kept = Math.max(1, Math.floor((text.length * room) / ctx.measureText(text).width) - 1);
  while (kept > 1 && ctx.measureText(`${text.slice(0, kept)}…`).width > room) kept -= 1;
  return `${text.slice(0, kept)}…`;
}

function drawBadge(ctx, theme, paint, letter, x, y, scale) {
  ctx.beginPath();
  ctx.arc(x, y, 11, 0, 2 * Math.PI);
  ctx.fillStyle = paint.strong;
  ctx.fill();
  if (scale < 0.28) return;
  ctx.fillStyle = paint.letter;
  ctx.font = `700 13px ${theme.font}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(letter, x, y + 0.5);
}

// `look`: { color, letter, side, title, subtitle, dim, selected, hover, linked, sign, dashed }
function drawNode(ctx, theme, place, look, scale) {
  const { x, y, width, height } = place;
  const paint = theme.paint(look.color);
  ctx.globalAlpha = look.dim ? 0.16 : 1;
  ring(ctx, theme, look, () => trace(ctx, look.side, x, y, width + 10, height + 10));
  trace(ctx, look.side, x, y, width, height);
  ctx.fillStyle = look.hover ? blend(look.color, theme.background, 0.38) : paint.fill;
  ctx.fill();
  if (look.hatched && scale > 0.16) drawHatch(ctx, theme, look, place);
  ctx.lineWidth = look.fresh ? 3.5 : 2;
  ctx.strokeStyle = paint.border;
  if (look.dashed) ctx.setLineDash([5, 4]);
  ctx.stroke();
  ctx.setLineDash([]);
  if (scale < 0.16) return;
  drawBadge(ctx, theme, paint, look.letter, x - width / 2 + 19, y, scale);
  if (scale < 0.28) return;
  drawTexts(ctx, theme, look, x - width / 2 + 35, y, width - 46);
  if (look.sign) drawSign(ctx, theme, paint, look.sign, x + width / 2, y - height / 2);
}

// Lines aslant across a node that is replaced or gone.
function drawHatch(ctx, theme, look, { x, y, width, height }) {
  ctx.save();
  ctx.clip();
  ctx.beginPath();
  for (let at = x - width / 2 - height; at < x + width / 2; at += 9) {
    ctx.moveTo(at, y + height / 2);
    ctx.lineTo(at + height, y - height / 2);
  }
  ctx.lineWidth = 1.4;
  ctx.strokeStyle = blend(look.color, theme.background, 0.34);
  ctx.stroke();
  ctx.restore();
  trace(ctx, look.side, x, y, width, height);
}

function drawTexts(ctx, theme, look, left, y, room) {
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillStyle = theme.text;
  ctx.font = `600 14px ${theme.font}`;
  ctx.fillText(shortened(ctx, look.title, room), left, look.subtitle ? y - 8 : y);
  if (!look.subtitle) return;
  ctx.font = `11.5px ${theme.font}`;
  ctx.fillStyle = theme.muted;
  ctx.fillText(shortened(ctx, look.subtitle, room), left, y + 9);
}

function drawSign(ctx, theme, paint, sign, x, y) {
  ctx.font = `700 13px ${theme.font}`;
  const width = Math.max(18, ctx.measureText(sign).width + 10);
  ctx.beginPath();
  ctx.roundRect(x - width + 6, y - 9, width, 18, 9);
  ctx.fillStyle = paint.strong;
  ctx.fill();
  ctx.fillStyle = paint.letter;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(sign, x - width / 2 + 6, y + 0.5);
}

function ring(ctx, theme, look, outline) {
  if (!look.selected && !look.linked) return;
  outline();
  ctx.lineWidth = look.selected ? 4 : 3;
  ctx.strokeStyle = look.selected ? theme.text : theme.accent;
  if (!look.selected) ctx.setLineDash([7, 4]);
  ctx.stroke();
  ctx.setLineDash([]);
}

// A closed box: a stack with a plus, its size, and a bar of what it holds.
function drawBox(ctx, theme, place, look, scale) {
  const { x, y, width, height } = place;
  const left = x - width / 2;
  const top = y - height / 2;
  ctx.globalAlpha = look.dim ? 0.16 : 1;
  ring(ctx, theme, look, () => {
    ctx.beginPath();
    ctx.roundRect(left - 6, top - 6, width + 16, height + 16, 10);
  });
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = theme.line;
  for (const offset of [4, 0]) {
    ctx.beginPath();
    ctx.roundRect(left + offset, top + offset, width, height, 7);
    ctx.fillStyle = look.hover ? blend(theme.text, theme.background, 0.1) : theme.background;
    ctx.fill();
    ctx.stroke();
  }
  let at = left + 7;
  for (const { color, text, share } of look.bar) {
    const length = (width - 14) * share;
    ctx.fillStyle = color;
    ctx.fillRect(at, top + height - 15, length, 10);
    if (scale > 0.5 && length > 14) {
      ctx.fillStyle = theme.paint(color).letter;
      ctx.font = `700 9px ${theme.font}`;
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.fillText(text, at + length / 2, top + height - 9.5);
    }
    at += length;
  }
  if (scale < 0.2) return;
  drawFoldSign(ctx, theme, "+", left + 17, top + 20);
  if (scale < 0.28) return;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillStyle = theme.text;
  ctx.font = `600 14px ${theme.font}`;
  ctx.fillText(shortened(ctx, look.title, width - 42), left + 32, top + 14);
  ctx.font = `11.5px ${theme.font}`;
  ctx.fillStyle = theme.muted;
  ctx.fillText(shortened(ctx, look.subtitle, width - 42), left + 32, top + 30);
}

function drawFoldSign(ctx, theme, sign, x, y) {
  ctx.beginPath();
  ctx.roundRect(x - 9, y - 9, 18, 18, 4);
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = theme.muted;
  ctx.stroke();
  ctx.beginPath();
  ctx.moveTo(x - 5, y);
  ctx.lineTo(x + 5, y);
  if (sign === "+") {
    ctx.moveTo(x, y - 5);
    ctx.lineTo(x, y + 5);
  }
  ctx.strokeStyle = theme.text;
  ctx.stroke();
}

// An open box.
function drawFrame(ctx, theme, place, look, scale) {
  const left = place.x - place.width / 2;
  const top = place.y - place.height / 2;
  ctx.globalAlpha = 1;
  ring(ctx, theme, look, () => {
    ctx.beginPath();
    ctx.roundRect(left - 3, top - 3, place.width + 6, place.height + 6, 12);
  });
  ctx.beginPath();
  ctx.roundRect(left, top, place.width, place.height, 10);
  ctx.fillStyle = look.depth % 2 ? blend(theme.text, theme.background, 0.045) : theme.background;
  ctx.fill();
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = blend(theme.text, theme.background, 0.25);
  ctx.stroke();
}

// Its title, above the wires: with a rim, so that it can be read across them.
function drawFrameTitle(ctx, theme, place, look, scale) {
  if (scale < 0.2) return;
  const left = place.x - place.width / 2;
  const top = place.y - place.height / 2;
  ctx.globalAlpha = 1;
  ctx.fillStyle = theme.background;
  ctx.fillRect(left + 9, top + 8, 18, 18);
  drawFoldSign(ctx, theme, "-", left + 18, top + 17);
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.font = `600 14px ${theme.font}`;
  const title = shortened(ctx, look.title, place.width - 48);
  ctx.lineWidth = 5;
  ctx.lineJoin = "round";
  ctx.strokeStyle = theme.background;
  ctx.strokeText(title, left + 34, top + 17.5);
  ctx.fillStyle = theme.muted;
  ctx.fillText(title, left + 34, top + 17.5);
}

// Appends a wire to a path: vertical tangents at every point.
function addWire(path, points) {
  let [x, y] = points[0];
  path.moveTo(x, y);
  for (const [toX, toY] of points.slice(1)) {
    if (toX === x) {
      path.lineTo(toX, toY);
    } else {
      const pull = toY > y ? Math.max((toY - y) / 2, 8) : 60;
      path.bezierCurveTo(x, y + pull, toX, toY - pull, toX, toY);
    }
    [x, y] = [toX, toY];
  }
}

function addArrow(path, points) {
  const [x, y] = points[points.length - 1];
  path.moveTo(x, y);
  path.lineTo(x - 4.5, y - 9);
  path.lineTo(x + 4.5, y - 9);
  path.closePath();
}
