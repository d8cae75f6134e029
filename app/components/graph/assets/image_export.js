// The drawing as a file, in SVG or PNG.

import { drawSvg } from "./svg_drawing.js";

const MOST_PIXELS = 12000; // along the longer side: browsers draw no larger canvas
const SHARP = 2; // pixels of a PNG for one of the drawing
const KEPT = 10000; // milliseconds that a browser has to begin a download

export class ImageExport {
  #panes;
  #styles;
  #legend;

  constructor(panes, styles, legend) {
    this.#panes = panes;
    this.#styles = styles;
    this.#legend = legend;
  }

  saveDrawing() {
    saveFile(toBlob(this.#draw().text), "graph.svg");
  }

  savePicture() {
    const { text, width, height } = this.#draw();
    const scale = Math.min(SHARP, MOST_PIXELS / Math.max(width, height));
    const url = URL.createObjectURL(toBlob(text));
    const image = new Image();
    image.addEventListener("load", () => {
      const canvas = document.createElement("canvas");
      canvas.width = Math.ceil(width * scale);
      canvas.height = Math.ceil(height * scale);
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      URL.revokeObjectURL(url);
      canvas.toBlob((blob) => saveFile(blob, "graph.png"));
    });
    image.src = url;
  }

  #draw() {
    return drawSvg(this.#panes.shown, this.#styles.theme, this.#legend.marks);
  }
}

function toBlob(text) {
  return new Blob([text], { type: "image/svg+xml" });
}

function saveFile(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT);
}
