// Small grids of bytes, as the session sends them, to pixels.

import { classColour, rgb, themeColour } from "./palette.js";

export function bytes(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

function canvasOf(side, paint) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(side, side);
  for (let at = 0; at < side * side; at++) {
    const [red, green, blue] = paint(at);
    image.data.set([red, green, blue, 255], 4 * at);
  }
  pen.putImageData(image, 0, 0);
  return canvas;
}

// The class of each cell in its colour, the surer the stronger.  only: of this class, or null for all.
export function surfaceCanvas(surface, classes, only = null) {
  const codes = bytes(surface.codes);
  const sure = bytes(surface.sure);
  const ground = rgb(themeColour("ground"));
  const colours = Array.from({ length: classes }, (_, code) => rgb(classColour(code)));
  const least = 1 / classes;
  return canvasOf(surface.size, (at) => {
    if (only !== null && codes[at] !== only) return ground;
    const share = 0.1 + 0.5 * Math.max(0, (sure[at] / 255 - least) / (1 - least));
    return ground.map((level, channel) => level + share * (colours[codes[at]][channel] - level));
  });
}

// A unit's answer at each place: from the colour of negative weights through the ground to that of positive ones.
export function unitCanvas(base64, side) {
  const values = bytes(base64);
  const [low, middle, high] = ["negative", "ground", "positive"].map((name) => rgb(themeColour(name)));
  return canvasOf(side, (at) => {
    const height = (2 * values[at]) / 255 - 1;
    const end = height < 0 ? low : high;
    return middle.map((level, channel) => level + Math.abs(height) * (end[channel] - level));
  });
}
