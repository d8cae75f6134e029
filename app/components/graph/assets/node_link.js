// A vertex as a button that leads to it.

import { button, element, namedBadge } from "./dom.js";

export function nodeLink(theme, pane, item, navigation) {
  const { model } = pane;
  const [title, subtitle] = model.titles(item);
  const link = button("", () => navigation.goTo(pane, item), "jump");
  const texts = element("span", "texts");
  texts.append(element("b", "", title));
  if (model.isNode(item)) texts.append(element("span", "name", subtitle));
  link.append(namedBadge(theme, "side", model.side(item)), texts);
  return link;
}
