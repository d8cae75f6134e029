// The drawing as a file, in SVG or PNG.

import { embedFont } from "./font_embedding.js";
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

  async saveDrawing() {
    const { svg } = await this.#draw();
    saveFile(toBlob(svg), "graph.svg");
  }

  // In the colors of paper, for a page that has the font.
  drawOnPaper() {
    const theme = this.#styles.theme.onPaper();
    return drawSvg(this.#panes.shown, { theme, font: "" }, this.#legend, null).svg;
  }

  // With a title and a caption above it, if `told` has them.
  async savePicture(told = null, name = "graph.png") {
    const { svg, width, height } = await this.#draw(told);
    const scale = Math.min(SHARP, MOST_PIXELS / Math.max(width, height));
    const url = URL.createObjectURL(toBlob(svg));
    const image = new Image();
    image.addEventListener("load", () => {
      const canvas = document.createElement("canvas");
      canvas.width = Math.ceil(width * scale);
      canvas.height = Math.ceil(height * scale);
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      URL.revokeObjectURL(url);
      canvas.toBlob((blob) => saveFile(blob, name));
    });
    image.src = url;
  }

  async #draw(told = null) {
    const { theme } = this.#styles;
    const font = await embedFont(theme.font);
    return drawSvg(this.#panes.shown, { theme, font }, this.#legend, told);
  }
}

function toBlob(svg) {
  const text = new XMLSerializer().serializeToString(svg);
  return new Blob([text], { type: "image/svg+xml" });
}

function saveFile(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT);
}
