// The story of a model in steps: each fills the screen with a picture and its caption.

import { button, element } from "./dom.js";

const LARGE = 1.4; // of the type; as much is open as has room then

export class Presenter {
  #root;
  #slide;
  #parts;
  #actions;
  #steps = [];
  #at = -1;
  #before = null; // what was looked at before it began

  // `parts`: panes, styles, navigation and images. `actions` holds view(show), colorBy(overlay)
  // and changed(): another step is shown, or none.
  constructor(root, parts, actions) {
    this.#root = root;
    this.#slide = root.querySelector(".slide");
    this.#parts = parts;
    this.#actions = actions;
    root.addEventListener("fullscreenchange", () => {
      if (!document.fullscreenElement) this.leave(); // the browser keeps this Esc to itself
    });
  }

  get active() {
    return this.#at >= 0;
  }

  get keys() {
    const [on, back] = [() => this.stepBy(1), () => this.stepBy(-1)];
    return {
      ArrowRight: on,
      PageDown: on,
      ArrowLeft: back,
      PageUp: back,
      s: () => this.#save(),
      Escape: () => this.leave(),
    };
  }

  load({ story }) {
    this.leave();
    this.#steps = story;
  }

  begin() {
    const { panes, styles, navigation } = this.#parts;
    if (this.active || !this.#steps.length) return;
    const { show, standings } = panes;
    this.#before = { show, standings, overlay: styles.overlay, hidden: new Set(styles.hidden) };
    navigation.clear();
    this.#root.classList.add("presenting");
    this.#root.requestFullscreen?.().catch(() => {}); // where it may not, it fills the page
    this.#goTo(0);
    this.#root.focus();
  }

  // Nothing comes before the first step, and nothing behind the last one.
  stepBy(by) {
    this.#goTo(Math.min(Math.max(this.#at + by, 0), this.#steps.length - 1));
  }

  leave() {
    if (!this.active) return;
    const { panes, styles } = this.#parts;
    const { show, standings, overlay, hidden } = this.#before;
    this.#at = -1;
    this.#root.classList.remove("presenting");
    this.#slide.replaceChildren();
    if (document.fullscreenElement) document.exitFullscreen();
    for (const pane of panes.all) pane.unstage();
    this.#actions.view(show);
    styles.hidden = hidden;
    this.#actions.colorBy(overlay);
    panes.standings = standings;
  }

  #goTo(at) {
    const { panes } = this.#parts;
    const step = this.#steps[at];
    this.#at = at;
    this.#slide.replaceChildren(...this.#describe(step));
    this.#actions.view(step.show);
    this.#actions.colorBy(step.color);
    for (const pane of panes.shown) pane.stage(step.lit[panes.indexOf(pane)], LARGE);
  }

  #describe({ title, caption }) {
    const head = element("div", "steps");
    const place = `${this.#at + 1} of ${this.#steps.length}`;
    head.append(
      element("h2", "", title),
      element("span", "gap"),
      named(
        button("◀", () => this.stepBy(-1)),
        "Previous step (←)",
      ),
      element("span", "step", place),
      named(
        button("▶", () => this.stepBy(1)),
        "Next step (→)",
      ),
      named(
        button("Save picture", () => this.#save()),
        "This step with its caption, as PNG (s)",
      ),
      named(
        button("Leave", () => this.leave()),
        "Back to the graph (Esc)",
      ),
    );
    return [head, element("p", "caption", caption)];
  }

  #save() {
    const { title, caption } = this.#steps[this.#at];
    this.#parts.images.savePicture({ title, caption }, `step-${this.#at + 1}.png`);
  }
}

function named(made, title) {
  made.title = title;
  return made;
}
