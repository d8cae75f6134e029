// Nodes, boxes and wires on a canvas. A side is shown by color, by outline and by its letter.
// `pen` is { ctx, theme, scale }; details that could not be read at a scale are left out.

import { FONT } from "./item_sizes.js";
import { blend } from "./theme.js";

const SMALLEST_TEXT = 0.28;
const SMALLEST_BADGE = 0.16;
const SMALLEST_SIGN = 0.2;
const CORNER = 6; // radius of a wire's bends
const BAR = 16; // height of the bar of what a box holds
const LEAST_SHARE = 12; // pixels of it that have room for a letter

export function drawNode(pen, place, look) {
  const { ctx, theme, scale } = pen;
  const { x, y, width, height } = place;
  const paint = theme.paint(look.color);
  const left = x - width / 2;
  ctx.globalAlpha = look.dim ? theme.dimmed : 1;
  const around = { x, y, width: width + 10, height: height + 10 };
  drawRing(pen, look, () => traceOutline(ctx, look.side, around));
  traceOutline(ctx, look.side, place);
  ctx.fillStyle = look.hover ? blend(look.color, theme.background, 0.38) : paint.fill;
  ctx.fill();
  if (look.hatched && scale > SMALLEST_BADGE) drawHatch(pen, place, look);
  ctx.lineWidth = look.fresh ? 3.5 : 2;
  ctx.strokeStyle = paint.border;
  if (look.dashed) ctx.setLineDash([5, 4]);
  ctx.stroke();
  ctx.setLineDash([]);
  if (scale >= SMALLEST_BADGE) drawBadge(pen, paint, look.letter, { x: left + 19, y });
  if (scale < SMALLEST_TEXT) return;
  drawTitles(
    pen,
    look,
    { left: left + 34, room: width - 40 },
    look.subtitle ? [y - 9, y + 10] : [y],
  );
  if (look.sign) drawSign(pen, paint, look.sign, { x: x + width / 2, y: y - height / 2 });
}

// A closed box: a stack with a plus, its size, and a bar of what it holds.
export function drawBox(pen, { x, y, width, height }, look) {
  const { ctx, theme, scale } = pen;
  const left = x - width / 2;
  const top = y - height / 2;
  ctx.globalAlpha = look.dim ? theme.dimmed : 1;
  drawRing(pen, look, () => traceRound(ctx, [left - 6, top - 6, width + 16, height + 16, 10]));
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = theme.line;
  for (const offset of [4, 0]) {
    traceRound(ctx, [left + offset, top + offset, width, height, 7]);
    ctx.fillStyle = look.hover ? blend(theme.text, theme.background, 0.1) : theme.background;
    ctx.fill();
    ctx.stroke();
  }
  drawShares(pen, look.bar, { left: left + 7, top: top + height - BAR - 6, width: width - 14 });
  if (scale >= SMALLEST_SIGN) drawFoldSign(pen, "+", left + 17, top + 20);
  if (scale < SMALLEST_TEXT) return;
  drawTitles(pen, look, { left: left + 32, room: width - 38 }, [top + 14, top + 31]);
}

// An open box.
export function drawFrame(pen, place, look) {
  const { ctx, theme } = pen;
  const { width, height } = place;
  const left = place.x - width / 2;
  const top = place.y - height / 2;
  ctx.globalAlpha = 1;
  drawRing(pen, look, () => traceRound(ctx, [left - 3, top - 3, width + 6, height + 6, 12]));
  traceRound(ctx, [left, top, width, height, 10]);
  ctx.fillStyle = look.depth % 2 ? blend(theme.text, theme.background, 0.045) : theme.background;
  ctx.fill();
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = blend(theme.text, theme.background, 0.25);
  ctx.stroke();
}

// Its title, above the wires: with a rim, so that it can be read across them.
export function drawFrameTitle(pen, place, look) {
  const { ctx, theme, scale } = pen;
  if (scale < SMALLEST_SIGN) return;
  const left = place.x - place.width / 2;
  const top = place.y - place.height / 2;
  ctx.globalAlpha = 1;
  ctx.fillStyle = theme.background;
  ctx.fillRect(left + 9, top + 8, 18, 18);
  drawFoldSign(pen, "-", left + 18, top + 17);
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.font = `600 ${FONT}px ${theme.font}`;
  const title = shortened(ctx, look.title, place.width - 48);
  ctx.lineWidth = 5;
  ctx.lineJoin = "round";
  ctx.strokeStyle = theme.background;
  ctx.strokeText(title, left + 34, top + 17.5);
  ctx.fillStyle = theme.muted;
  ctx.fillText(title, left + 34, top + 17.5);
}

// Appends a wire to a path: straight, its corners rounded.
export function addWire(path, points) {
  path.moveTo(...points[0]);
  for (let at = 1; at < points.length - 1; at += 1) {
    const [from, corner, to] = points.slice(at - 1, at + 2);
    const room = Math.min(distance(from, corner), distance(corner, to)) / 2;
    path.arcTo(...corner, ...to, Math.min(CORNER, room));
  }
  path.lineTo(...points.at(-1));
}

function distance([fromX, fromY], [toX, toY]) {
  return Math.hypot(toX - fromX, toY - fromY);
}

export function addArrow(path, points) {
  const [x, y] = points.at(-1);
  path.moveTo(x, y);
  path.lineTo(x - 9, y - 4.5);
  path.lineTo(x - 9, y + 4.5);
  path.closePath();
}

// What flows along a wire, on a ground of its own, so that nothing runs behind it.
export function drawWireLabel({ ctx, theme, scale }, { label, labelAt }) {
  if (scale < SMALLEST_TEXT) return;
  ctx.font = `${FONT}px ${theme.font}`;
  writeCentered(ctx, theme.muted, label, labelAt);
}

// The lanes: their names in a line above all else, and a border between two.
export function drawLanes({ ctx, theme, scale }, lanes, { top, height }) {
  ctx.globalAlpha = 1;
  for (const [at, { name, left, right }] of lanes.entries()) {
    if (at % 2 === 0) {
      ctx.fillStyle = blend(theme.text, theme.background, 0.035);
      ctx.fillRect(left, top, right - left, height);
    }
    if (scale < SMALLEST_TEXT) continue;
    ctx.font = `600 ${FONT}px ${theme.font}`;
    const middle = { x: (left + right) / 2, y: top + 17 };
    writeCentered(ctx, theme.muted, shortened(ctx, name, right - left - 8), middle);
  }
}

// The text, cut so that it fits the room.
export function shortened(ctx, text, room) {
  const whole = ctx.measureText(text).width;
  if (whole <= room) return text;
  let kept = Math.max(1, Math.floor((text.length * room) / whole) - 1);
  while (kept > 1 && ctx.measureText(`${text.slice(0, kept)}…`).width > room) kept -= 1;
  return `${text.slice(0, kept)}…`;
}

// Request: ends fully round. Item: cut corners. Candidate: a rectangle.
function traceOutline(ctx, side, { x, y, width, height }) {
  const left = x - width / 2;
  const top = y - height / 2;
  if (side !== "I") {
    traceRound(ctx, [left, top, width, height, side === "R" ? height / 2 : 4]);
    return;
  }
  const cut = 11;
  ctx.beginPath();
  ctx.moveTo(left + cut, top);
  ctx.lineTo(left + width - cut, top);
  ctx.lineTo(left + width, y);
  ctx.lineTo(left + width - cut, top + height);
  ctx.lineTo(left + cut, top + height);
  ctx.lineTo(left, y);
  ctx.closePath();
}

// left, top, width, height, radius
function traceRound(ctx, rectangle) {
  ctx.beginPath();
  ctx.roundRect(...rectangle);
}

// Around what is selected, dashed around what it is linked to.
function drawRing({ ctx, theme }, look, trace) {
  if (!look.selected && !look.linked) return;
  trace();
  ctx.lineWidth = look.selected ? 4 : 3;
  ctx.strokeStyle = look.selected ? theme.text : theme.accent;
  if (!look.selected) ctx.setLineDash([7, 4]);
  ctx.stroke();
  ctx.setLineDash([]);
}

// Lines aslant across a node that is replaced or gone.
function drawHatch({ ctx, theme }, place, look) {
  const { x, y, width, height } = place;
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
  traceOutline(ctx, look.side, place);
}

function drawBadge({ ctx, theme, scale }, paint, letter, { x, y }) {
  ctx.beginPath();
  ctx.arc(x, y, 11, 0, 2 * Math.PI);
  ctx.fillStyle = paint.strong;
  ctx.fill();
  if (scale < SMALLEST_TEXT) return;
  ctx.font = `700 ${FONT}px ${theme.font}`;
  writeCentered(ctx, paint.letter, letter, { x, y: y + 0.5 });
}

function drawSign({ ctx, theme }, paint, sign, { x, y }) {
  ctx.font = `700 ${FONT}px ${theme.font}`;
  const width = Math.max(18, ctx.measureText(sign).width + 10);
  traceRound(ctx, [x - width + 6, y - 9, width, 18, 9]);
  ctx.fillStyle = paint.strong;
  ctx.fill();
  writeCentered(ctx, paint.letter, sign, { x: x - width / 2 + 6, y: y + 0.5 });
}

function drawShares({ ctx, theme, scale }, bar, { left, top, width }) {
  let at = left;
  for (const { color, text, share } of bar) {
    const length = width * share;
    ctx.fillStyle = color;
    ctx.fillRect(at, top, length, BAR);
    if (scale > SMALLEST_TEXT && length > LEAST_SHARE) {
      ctx.font = `700 ${FONT}px ${theme.font}`;
      writeCentered(ctx, theme.paint(color).letter, text, {
        x: at + length / 2,
        y: top + BAR / 2 + 1,
      });
    }
    at += length;
  }
}

function drawTitles({ ctx, theme }, look, { left, room }, [first, second]) {
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillStyle = theme.text;
  ctx.font = `600 ${FONT}px ${theme.font}`;
  ctx.fillText(shortened(ctx, look.title, room), left, first);
  if (!look.subtitle) return;
  ctx.font = `${FONT}px ${theme.font}`;
  ctx.fillStyle = theme.muted;
  ctx.fillText(shortened(ctx, look.subtitle, room), left, second);
}

function drawFoldSign({ ctx, theme }, sign, x, y) {
  traceRound(ctx, [x - 9, y - 9, 18, 18, 4]);
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

function writeCentered(ctx, color, text, { x, y }) {
  ctx.fillStyle = color;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(text, x, y);
}
