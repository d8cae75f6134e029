// Numbers in words, rounded to three digits.

const PREFIXES = ["", "k", "M", "G", "T", "P"];

// 1234567 -> "1.23 MFLOP".
export function figure(number, unit = "FLOP") {
  let value = number;
  let step = 0;
  while (Math.abs(value) >= 999.5 && step < PREFIXES.length - 1) {
    value /= 1000;
    step += 1;
  }
  return `${threeDigits(value)} ${PREFIXES[step]}${unit}`;
}

// Microseconds, in the unit that fits: "12 µs", "1.5 ms".
export function duration(time) {
  return time >= 1000 ? `${threeDigits(time / 1000)} ms` : `${threeDigits(time)} µs`;
}

// FLOPs [per request, per candidate] in words; a part that is zero is left out.
export function describeWork([request, candidate, pair]) {
  const parts = [];
  if (request) parts.push(`${figure(request)} per request`);
  if (candidate) parts.push(`${figure(candidate)} per candidate`);
  if (pair) parts.push(`${figure(pair)} per pair of candidates`);
  return parts.join(" + ") || "none";
}

export function grouped(count) {
  return count.toLocaleString("en");
}

export function plural(count, noun) {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function threeDigits(value) {
  return Number(value.toPrecision(3));
}
