// Dashed lines across both panes, from what is selected to what it became or was made from.

const MOST_LINES = 40;

export class LinkLines {
  #canvas;
  #holder;
  #panes;
  #styles;

  constructor(holder, panes, styles) {
    this.#holder = holder;
    this.#panes = panes;
    this.#styles = styles;
    this.#canvas = document.createElement("canvas");
    this.#canvas.className = "bridge";
  }

  // Above the panes that were added last.
  raise() {
    this.#holder.append(this.#canvas);
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    this.#canvas.width = this.#holder.clientWidth * ratio;
    this.#canvas.height = this.#holder.clientHeight * ratio;
  }

  draw(selected) {
    const both = this.#panes.shown.length === 2;
    this.#canvas.hidden = !both;
    if (!both || !this.#canvas.isConnected) return;
    const ctx = this.#canvas.getContext("2d");
    const ratio = window.devicePixelRatio || 1;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    if (selected?.others.pane) this.#drawLines(ctx, selected);
  }

  #drawLines(ctx, { pane, item, others }) {
    const below = pane === this.#panes.all[1] ? -0.5 : 0.5;
    const from = spotInPanes(pane, item, below);
    ctx.strokeStyle = this.#styles.theme.accent;
    ctx.lineWidth = 2;
    ctx.setLineDash([7, 4]);
    for (const other of [...others.pane.drawing.linkedShown].slice(0, MOST_LINES)) {
      const to = spotInPanes(others.pane, other, -below);
      const middle = (from.y + to.y) / 2;
      ctx.beginPath();
      ctx.moveTo(from.x, from.y);
      ctx.bezierCurveTo(from.x, middle, to.x, middle, to.x, to.y);
      ctx.stroke();
    }
  }
}

// A point of an item's border in the coordinates of all panes; kept inside its own pane.
function spotInPanes(pane, item, below) {
  const { x, y } = pane.spot(item, below);
  const { offsetLeft, offsetTop, clientWidth, clientHeight } = pane.element;
  return {
    x: Math.min(Math.max(offsetLeft, x + offsetLeft), offsetLeft + clientWidth),
    y: Math.min(Math.max(offsetTop, y + offsetTop), offsetTop + clientHeight),
  };
}
