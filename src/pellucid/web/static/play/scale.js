// Sliders over chosen round values, and numbers as people read them.

const TENS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8];

const decade = (power) => TENS.map((value) => Number(`${value}e${power}`));

export const RATES = [-4, -3, -2, -1, 0].flatMap(decade).concat(10);
export const DECAYS = [0, ...[-5, -4, -3, -2, -1].flatMap((power) => [1, 3].map((value) => Number(`${value}e${power}`)))];

export function nearest(values, value) {
  return values.reduce((best, each, at) => (Math.abs(each - value) < Math.abs(values[best] - value) ? at : best), 0);
}

export function number(value, digits = 4) {
  if (value === null || value === undefined) return "not a number";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size < 1e-3 || size >= 1e5 ? value.toExponential(digits - 2) : String(Number(value.toPrecision(digits)));
  return text.replace("-", "\u2212").replace("e+", "e");
}

export const percent = (share) => (share === null || share === undefined ? "" : `${(100 * share).toFixed(share === 1 ? 0 : 1)}%`);
