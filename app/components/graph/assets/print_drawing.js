// The graph on paper: a drawing of all that is open, in place of the part that is in view.

const LANDSCAPE = "@page { size: landscape; margin: 10mm; }"; // a flow is wider than high

export class PrintDrawing {
  #place;
  #draw;
  #page = null; // the style sheet of the paper, which belongs to the whole document

  // `draw()` returns the drawing in the colors of paper, as an element.
  constructor(place, draw) {
    this.#place = place;
    this.#draw = draw;
    window.addEventListener("beforeprint", this.#show);
    window.addEventListener("afterprint", this.#remove);
  }

  destroy() {
    this.#remove();
    window.removeEventListener("beforeprint", this.#show);
    window.removeEventListener("afterprint", this.#remove);
  }

  #show = () => {
    this.#remove();
    this.#place.append(this.#draw());
    this.#page = document.createElement("style");
    this.#page.textContent = LANDSCAPE;
    document.head.append(this.#page);
  };

  #remove = () => {
    this.#place.replaceChildren();
    this.#page?.remove();
  };
}
