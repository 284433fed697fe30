// Colours and marker shapes of classes (Okabe and Ito 2008), and the theme's colours. Of two classes the second is blue, as
// positive weights and answers are: a blue line speaks for the blue class.

import { isDark } from "../theme.js";

const CLASSES = ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442", "#999999", "#7a4b2a"];
const SHAPES = ["circle", "square", "diamond", "up", "down", "plus", "cross", "left", "right", "hexagon"];
const probe = document.createElement("span");
probe.hidden = true;

// On a dark ground black turns white, and the others lighter.
export function classColour(code) {
  const colour = CLASSES[code % CLASSES.length];
  if (!isDark()) return colour;
  return colour === "#000000" ? "#ffffff" : `rgb(${rgb(colour).map((level) => Math.round(level + 0.22 * (255 - level)))})`;
}

export function shapeOf(code) {
  return SHAPES[code % SHAPES.length];
}

// A canvas knows no CSS variables; the browser resolves them on an element.
export function themeColour(name) {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

export function rgb(colour) {
  if (colour.startsWith("#")) return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return colour.match(/[\d.]+/g).slice(0, 3).map(Number);
}

// Corners of each shape around 0, 0; a circle has none.
const CORNERS = {
  square: [[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]],
  diamond: [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]],
  up: [[0, -1.15], [1.1, 0.85], [-1.1, 0.85]],
  down: [[0, 1.15], [1.1, -0.85], [-1.1, -0.85]],
  left: [[-1.15, 0], [0.85, -1.1], [0.85, 1.1]],
  right: [[1.15, 0], [-0.85, -1.1], [-0.85, 1.1]],
  plus: [[-0.4, -1.1], [0.4, -1.1], [0.4, -0.4], [1.1, -0.4], [1.1, 0.4], [0.4, 0.4], [0.4, 1.1], [-0.4, 1.1], [-0.4, 0.4], [-1.1, 0.4], [-1.1, -0.4], [-0.4, -0.4]],
  cross: [[-1.1, -0.6], [-0.6, -1.1], [0, -0.5], [0.6, -1.1], [1.1, -0.6], [0.5, 0], [1.1, 0.6], [0.6, 1.1], [0, 0.5], [-0.6, 1.1], [-1.1, 0.6], [-0.5, 0]],
  hexagon: [[1, 0], [0.5, 0.87], [-0.5, 0.87], [-1, 0], [-0.5, -0.87], [0.5, -0.87]],
};

export function traceShape(pen, code, x, y, radius) {
  const corners = CORNERS[shapeOf(code)];
  pen.beginPath();
  if (!corners) pen.arc(x, y, radius, 0, 2 * Math.PI);
  else corners.forEach(([right, down], at) => pen[at ? "lineTo" : "moveTo"](x + radius * right, y + radius * down));
  pen.closePath();
}

// A small drawing of a class's marker, for legends and buttons.
export function marker(code, { hollow = false, ring = false } = {}) {
  const canvas = document.createElement("canvas");
  const side = 16;
  canvas.width = canvas.height = 2 * side;
  canvas.className = "marker";
  canvas.setAttribute("aria-hidden", "true");
  const pen = canvas.getContext("2d");
  pen.scale(2, 2);
  const colour = code === null ? themeColour("quiet") : classColour(code);
  traceShape(pen, code ?? 0, side / 2, side / 2, ring ? 3.2 : 5);
  pen.fillStyle = pen.strokeStyle = colour;
  pen.lineWidth = 1.6;
  if (hollow) pen.stroke();
  else pen.fill();
  if (ring) {
    pen.beginPath();
    pen.arc(side / 2, side / 2, 6.6, 0, 2 * Math.PI);
    pen.strokeStyle = themeColour("ink");
    pen.stroke();
  }
  return canvas;
}
