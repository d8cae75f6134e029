// The whole graph in a corner, with the part that is in view.
class MiniMap {
  constructor(element, pane) {
    this.pane = pane;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "minimap";
    this.canvas.width = 360;
    this.canvas.height = 240;
    this.canvas.setAttribute("aria-hidden", "true");
    element.append(this.canvas);
    const jump = (event) => {
      if (event.buttons !== 1) return;
      const at = this.canvas.getBoundingClientRect();
      const { scale, left, top } = this.frame();
      pane.network.moveTo({ position: {
        x: ((event.clientX - at.left) * (this.canvas.width / at.width)) / scale + left,
        y: ((event.clientY - at.top) * (this.canvas.height / at.height)) / scale + top,
      }, animation: false });
      event.stopPropagation();
    };
    for (const name of ["pointerdown", "pointermove"]) this.canvas.addEventListener(name, jump);
  }

  frame() {
    const { bounds } = this.pane.folding;
    const scale = Math.min(this.canvas.width / (bounds.width + 80), this.canvas.height / (bounds.height + 80));
    return { scale, left: bounds.left + bounds.width / 2 - this.canvas.width / scale / 2,
      top: bounds.top + bounds.height / 2 - this.canvas.height / scale / 2 };
  }

  draw() {
    const { pane, canvas } = this;
    const { folding } = pane;
    const { clientWidth, clientHeight } = pane.element;
    const from = pane.network.DOMtoCanvas({ x: 0, y: 0 });
    const to = pane.network.DOMtoCanvas({ x: clientWidth, y: clientHeight });
    const { bounds } = folding;
    const whole = from.x <= bounds.left && from.y <= bounds.top
      && to.x >= bounds.left + bounds.width && to.y >= bounds.top + bounds.height;
    canvas.classList.toggle("idle", whole);
    if (whole || !pane.looks.size) return;
    const ctx = canvas.getContext("2d");
    const { theme } = pane.studio;
    const { scale, left, top } = this.frame();
    ctx.clearRect(0, 0, canvas.width, canvas.height);
    for (const item of folding.visible) {
      const { x, y, width, height } = folding.place[item];
      const look = pane.looks.get(item);
      ctx.globalAlpha = look.dim ? 0.2 : 1;
      ctx.fillStyle = look.color || theme.line;
      ctx.fillRect((x - width / 2 - left) * scale, (y - height / 2 - top) * scale,
        Math.max(2, width * scale), Math.max(2, height * scale));
    }
    ctx.globalAlpha = 1;
    ctx.strokeStyle = theme.text;
    ctx.lineWidth = 3;
    ctx.strokeRect((from.x - left) * scale, (from.y - top) * scale,
      (to.x - from.x) * scale, (to.y - from.y) * scale);
  }
}
