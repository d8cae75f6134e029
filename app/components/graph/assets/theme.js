// The colors of the page, and those of the marks (sides, changes, decisions) on it.

const PAPER = { background: "#ffffff", text: "#1c2733", accent: "#2272b4" };

// The colors of the page around the element, and its font.
export function readColors(element) {
  const style = getComputedStyle(element);
  const read = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
  return {
    background: read("--st-background-color", PAPER.background),
    text: read("--st-text-color", PAPER.text),
    accent: read("--st-primary-color", PAPER.accent),
    font: read("--st-font", "sans-serif"),
  };
}

export class Theme {
  #paints = new Map();

  // `colors`: background, text, accent and font.
  constructor(colors, marks) {
    Object.assign(this, colors);
    this.dark = brightness(parseColor(this.background)) < 128;
    this.dimmed = this.dark ? 0.32 : 0.18; // opacity; dark on dark is seen less
    this.muted = blend(this.text, this.background, 0.65);
    this.line = blend(this.text, this.background, 0.35);
    this.marks = marks;
  }

  // The same marks in the same font, on white.
  onPaper() {
    return new Theme({ ...PAPER, font: this.font }, this.marks);
  }

  mark(overlay, letter) {
    const found = this.marks[overlay].find((mark) => mark.letter === letter);
    return found || { color: this.line, letter: "", name: "not known" };
  }

  // The color of a wire: thin lines need more contrast than areas.
  wire(side) {
    return blend(this.mark("side", side).color, this.dark ? "#ffffff" : "#000000", 0.8);
  }

  // Fill, border and text colors for a mark's color.
  paint(color) {
    if (!this.#paints.has(color)) {
      this.#paints.set(color, {
        border: blend(color, this.dark ? "#ffffff" : "#000000", 0.85),
        fill: blend(color, this.background, this.dark ? 0.3 : 0.2),
        strong: color,
        letter: brightness(parseColor(color)) > 140 ? "#10161d" : "#ffffff",
      });
    }
    return this.#paints.get(color);
  }
}

// Red, green and blue of "#abc", "#aabbcc" or "rgb(1, 2, 3)".
export function parseColor(color) {
  const hex = color.replace("#", "");
  if (/^[0-9a-f]{6}/i.test(hex)) {
    return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  }
  if (/^[0-9a-f]{3}$/i.test(hex)) {
    return [...hex].map((digit) => Number.parseInt(digit + digit, 16));
  }
  return (color.match(/[\d.]+/g) || [128, 128, 128]).slice(0, 3).map(Number);
}

// `share` of one color, and the rest of the other.
export function blend(color, other, share) {
  const under = parseColor(other);
  const mixed = parseColor(color).map((part, at) =>
    Math.round(part * share + under[at] * (1 - share)),
  );
  return `rgb(${mixed.join(",")})`;
}

function brightness([red, green, blue]) {
  return red * 0.3 + green * 0.59 + blue * 0.11;
}
