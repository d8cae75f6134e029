// Rectangles { left, top, width, height }, and places { x, y, width, height } by their centers.

// The smallest rectangle around the places.
export function boundsOf(places) {
  const left = Math.min(...places.map(({ x, width }) => x - width / 2));
  const top = Math.min(...places.map(({ y, height }) => y - height / 2));
  const right = Math.max(...places.map(({ x, width }) => x + width / 2));
  const bottom = Math.max(...places.map(({ y, height }) => y + height / 2));
  return { left, top, width: right - left, height: bottom - top };
}

export function centerOf({ left, top, width, height }) {
  return { x: left + width / 2, y: top + height / 2 };
}
