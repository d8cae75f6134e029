// The whole graph beside the title, with the part that is in view; a click moves the view.

const MAP_WIDTH = 640; // pixels of the drawing: twice those of the page
const MAP_HEIGHT = 64;

export class Minimap {
  #canvas;
  #network;
  #pane; // element, folding and drawing are read
  #styles;

  constructor(element, network, pane, styles) {
    this.#network = network;
    this.#pane = pane;
    this.#styles = styles;
    this.#canvas = document.createElement("canvas");
    this.#canvas.className = "minimap";
    this.#canvas.width = MAP_WIDTH;
    this.#canvas.height = MAP_HEIGHT;
    this.#canvas.setAttribute("aria-hidden", "true");
    element.previousElementSibling.append(this.#canvas);
    for (const name of ["pointerdown", "pointermove"]) {
      this.#canvas.addEventListener(name, (event) => this.#jump(event));
    }
  }

  draw() {
    const { element, folding, drawing } = this.#pane;
    const from = this.#network.DOMtoCanvas({ x: 0, y: 0 });
    const to = this.#network.DOMtoCanvas({ x: element.clientWidth, y: element.clientHeight });
    const { left, top, width, height } = folding.bounds;
    const inView = from.x <= left && from.y <= top && to.x >= left + width && to.y >= top + height;
    this.#canvas.classList.toggle("idle", inView);
    if (!inView && drawing.looks.size) this.#drawGraph(from, to);
  }

  #drawGraph(from, to) {
    const { folding, drawing } = this.#pane;
    const { theme } = this.#styles;
    const { scale, left, top } = this.#frame();
    const ctx = this.#canvas.getContext("2d");
    ctx.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    for (const item of folding.visible) {
      const { x, y, width, height } = folding.place[item];
      const look = drawing.looks.get(item);
      ctx.globalAlpha = look.dim ? theme.dimmed : 1;
      ctx.fillStyle = look.color || theme.line;
      ctx.fillRect(
        (x - width / 2 - left) * scale,
        (y - height / 2 - top) * scale,
        Math.max(2, width * scale),
        Math.max(2, height * scale),
      );
    }
    ctx.globalAlpha = 1;
    ctx.strokeStyle = theme.text;
    ctx.lineWidth = 3;
    const [width, height] = [to.x - from.x, to.y - from.y];
    const corner = [(from.x - left) * scale, (from.y - top) * scale];
    ctx.strokeRect(...corner, width * scale, height * scale);
  }

  #jump(event) {
    if (event.buttons !== 1) return;
    const { width, height } = this.#canvas;
    const at = this.#canvas.getBoundingClientRect();
    const { scale, left, top } = this.#frame();
    const x = ((event.clientX - at.left) * (width / at.width)) / scale + left;
    const y = ((event.clientY - at.top) * (height / at.height)) / scale + top;
    this.#pane.viewport.centerOn({ x, y });
    event.stopPropagation();
  }

  // How the graph lies on this canvas.
  #frame() {
    const { bounds } = this.#pane.folding;
    const { width, height } = this.#canvas;
    const scale = Math.min(width / (bounds.width + 80), height / (bounds.height + 80));
    return {
      scale,
      left: bounds.left + bounds.width / 2 - width / scale / 2,
      top: bounds.top + bounds.height / 2 - height / scale / 2,
    };
  }
}
