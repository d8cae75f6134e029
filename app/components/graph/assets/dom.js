// Elements that the panels are built of. Every text is set as text, never as markup: names come
// from models.

export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== "") made.textContent = text;
  return made;
}

export function button(text, action, className = "") {
  const made = element("button", className, text);
  made.addEventListener("click", action);
  return made;
}

export function shape(name, attributes, parent, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

// Rows of two cells, each a text or an element.
export function table(rows) {
  const made = element("table");
  for (const [key, value] of rows) {
    const row = element("tr");
    const [head, cell] = [element("th"), element("td")];
    head.append(key);
    cell.append(value);
    row.append(head, cell);
    made.append(row);
  }
  return made;
}

// Fills a <select> from pairs of [value, text].
export function fillSelect(select, pairs, chosen) {
  const options = pairs.map(([value, text]) => {
    const option = element("option", "", text);
    option.value = value;
    return option;
  });
  select.replaceChildren(...options);
  if (chosen !== undefined) select.value = chosen;
}

// The round letter of a mark, in its color.
export function badge(theme, mark) {
  const made = element("span", "badge", mark.sign || mark.letter || "?");
  made.style.background = mark.color;
  made.style.color = theme.paint(mark.color).letter;
  return made;
}

// The badge of a letter under an overlay; its name shows when the pointer rests on it.
export function namedBadge(theme, overlay, letter) {
  const mark = theme.mark(overlay, letter);
  const made = badge(theme, mark);
  made.title = mark.name;
  return made;
}
