// The page's font as part of a drawing: a file has no page to take it from.

const embedded = new Map(); // style sheets by family

// Returns a style sheet that holds the font; "" where the page has no file of it.
export async function embedFont(families) {
  const family = firstOf(families);
  if (!embedded.has(family)) embedded.set(family, await readFont(family));
  return embedded.get(family);
}

async function readFont(family) {
  const address = findFile(family);
  if (!address) return "";
  try {
    const answer = await fetch(address);
    if (!answer.ok) return "";
    const url = await toDataUrl(await answer.blob());
    return `@font-face{font-family:"${family}";font-weight:200 900;src:url(${url})}`;
  } catch {
    return ""; // no way to the server: the drawing has another font
  }
}

// The address of the upright font's file, in the style sheets that may be read.
function findFile(family) {
  for (const sheet of document.styleSheets) {
    const rule = rulesOf(sheet).find(
      (one) =>
        one instanceof CSSFontFaceRule &&
        firstOf(one.style.getPropertyValue("font-family")) === family &&
        one.style.getPropertyValue("font-style") !== "italic",
    );
    const [, found] = rule?.style.getPropertyValue("src").match(/url\("?([^")]+)"?\)/) || [];
    if (found) return new URL(found, sheet.href || document.baseURI);
  }
  return null;
}

function rulesOf(sheet) {
  try {
    return [...sheet.cssRules];
  } catch {
    return []; // of another server
  }
}

function firstOf(families) {
  return families.split(",")[0].trim().replaceAll(/["']/g, "");
}

function toDataUrl(blob) {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.readAsDataURL(blob);
  });
}
