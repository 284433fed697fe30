// The plane: what the net says at each place, and the points; wrong ones ringed, held-out ones hollow.

import { surfaceCanvas } from "./maps.js";
import { classColour, marker, themeColour, traceShape } from "./palette.js";
import { present } from "./present.js";
import { number, percent } from "./scale.js";
import { deliver, on } from "./wire.js";

export const canvas = document.getElementById("plane");
const STRIDE = 0.03; // of the side, that an arrow key moves the cross
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
let surface = null;
let cross = [0.5, 0.5]; // where the keyboard points, as shares of the sides

export function placeOf(x, y) {
  const [x0, x1, y0, y1] = present.problem.bounds;
  return [((x - x0) / (x1 - x0)) * canvas.clientWidth, ((y1 - y) / (y1 - y0)) * canvas.clientHeight];
}

export function pointAt(event) {
  const box = canvas.getBoundingClientRect();
  const [x0, x1, y0, y1] = present.problem.bounds;
  const across = (event.clientX - box.left) / box.width;
  const down = (event.clientY - box.top) / box.height;
  return [x0 + across * (x1 - x0), y1 - down * (y1 - y0)];
}

// The row of the point nearest to an event, if one is within reach of a finger.
export function rowAt(event, reach = 14) {
  const box = canvas.getBoundingClientRect();
  let best = null;
  present.problem.points.forEach(([x, y], row) => {
    const [left, top] = placeOf(x, y);
    const distance = Math.hypot(left - (event.clientX - box.left), top - (event.clientY - box.top));
    if (distance < (best?.distance ?? reach)) best = { row, distance };
  });
  return best?.row ?? null;
}

export function draw() {
  if (!present.problem) return;
  const { points, labels, part } = present.problem;
  const density = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const pen = canvas.getContext("2d");
  pen.scale(density, density);
  pen.imageSmoothingQuality = "high";
  if (surface) pen.drawImage(surface, 0, 0, width, height);
  const ground = themeColour("ground");
  const ink = themeColour("ink");
  const radius = Math.min(5, Math.max(3, 70 / Math.sqrt(points.length || 1)));
  points.forEach(([x, y], row) => {
    const [left, top] = placeOf(x, y);
    traceShape(pen, labels[row], left, top, radius);
    pen.fillStyle = part[row] ? ground : classColour(labels[row]);
    pen.strokeStyle = part[row] ? classColour(labels[row]) : ground;
    pen.lineWidth = part[row] ? 1.8 : 1;
    pen.fill();
    pen.stroke();
  });
  pen.strokeStyle = ink;
  pen.lineWidth = 1.2;
  for (const row of present.frame?.wrong ?? []) {
    if (!points[row]) continue;
    const [left, top] = placeOf(...points[row]);
    pen.beginPath();
    pen.arc(left, top, radius + 2.5, 0, 2 * Math.PI);
    pen.stroke();
  }
  if (canvas.matches(":focus-visible")) drawCross(pen, width, height);
}

function drawCross(pen, width, height) {
  const [x, y] = [cross[0] * width, cross[1] * height];
  pen.beginPath();
  for (const [right, down] of Object.values(ARROWS)) {
    pen.moveTo(x + 4 * right, y + 4 * down);
    pen.lineTo(x + 14 * right, y + 14 * down);
  }
  pen.lineWidth = 2;
  pen.stroke();
}

function onKey(event) {
  const arrow = ARROWS[event.key];
  if (!arrow && event.key !== "Enter") return;
  event.preventDefault();
  if (arrow) cross = cross.map((share, axis) => Math.min(1, Math.max(0, share + STRIDE * arrow[axis])));
  else {
    const box = canvas.getBoundingClientRect();
    deliver({ kind: "pressed", clientX: box.left + cross[0] * box.width, clientY: box.top + cross[1] * box.height });
  }
  draw();
}

function entry(sign, text) {
  const span = document.createElement("span");
  span.append(sign, " ", text);
  return span;
}

function legend() {
  const { class_names: names, part } = present.problem;
  const entries = names.map((name, code) => entry(marker(code), name));
  if (part.some(Boolean)) entries.push(entry(marker(null, { hollow: true }), "held out"));
  entries.push(entry(marker(null, { ring: true }), "wrong"));
  document.getElementById("legend").replaceChildren(...entries);
}

// The columns of the plane, each with its name and the values at its ends: across, then up.
function axes() {
  const { feature_names: names, columns, bounds } = present.problem;
  return columns.map((column, at) => ({ name: names[column], ends: bounds.slice(2 * at, 2 * at + 2).map((end) => number(end, 3)) }));
}

function nameAxes() {
  axes().forEach(({ name, ends }, at) => {
    const axis = document.getElementById(["across", "up"][at]);
    [ends[0], name, ends[1]].forEach((text, place) => (axis.children[place].textContent = text));
    axis.title = name;
  });
}

function tell(frame) {
  const { accuracy, validation_accuracy: held } = frame;
  const known = held !== null && held !== undefined;
  const told = accuracy === null || accuracy === undefined ? "" : `${percent(accuracy)} right${known ? `, held out ${percent(held)}` : ""}`;
  document.getElementById("score").textContent = told;
  const where = axes().map(({ name, ends }, at) => `${name} ${["across", "up"][at]}, ${ends.join(" to ")}`).join("; ");
  canvas.setAttribute("aria-label", `What the network predicts at each place, ${where}. ${told}. Wrong points: ${frame.wrong.length}. Arrow keys move a cross; Enter shows the nearest point's computation, or sets a point while drawing.`);
}

export function plane() {
  on("problem", (problem) => {
    legend();
    nameAxes();
    document.getElementById("row").max = Math.max(0, problem.points.length - 1);
    draw();
  });
  on("frame", (frame) => {
    if (frame.surface) surface = surfaceCanvas(frame.surface, present.problem.class_names.length);
    tell(frame);
    draw();
  });
  canvas.addEventListener("keydown", onKey);
  canvas.addEventListener("focus", draw);
  canvas.addEventListener("blur", draw);
  new ResizeObserver(draw).observe(canvas);
}

export function repaint() {
  if (!present.frame) return;
  surface = present.frame.surface ? surfaceCanvas(present.frame.surface, present.problem.class_names.length) : null;
  legend();
  draw();
}
