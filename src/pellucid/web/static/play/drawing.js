// Points drawn by hand: a class is chosen, then each click sets a point and each drag a trail of them.

import { choices } from "./controls.js";
import { marker } from "./palette.js";
import { canvas, pointAt } from "./plane.js";
import { present } from "./present.js";
import { answered, on, sendLatest } from "./wire.js";

const MOST = 200;
const APART = 14; // pixels between the points of a trail
const CLASSES = [0, 1, 2, 3];

const part = (id) => document.getElementById(id);
let points = [];
let brush = 0;
let trail = null; // where the last point of the present drag lies, in pixels

export const isDrawing = () => present.settings?.values.data === "drawn";

function tell() {
  part("drawn").textContent = points.length;
  part("undo").disabled = part("clear").disabled = points.length === 0;
  sendLatest("points", { do: "points", points });
}

function add(event) {
  if (points.length >= MOST) return;
  const [x, y] = pointAt(event);
  points = [...points, [Number(x.toFixed(3)), Number(y.toFixed(3)), brush]];
  tell();
}

function follow(event) {
  trail = [event.clientX, event.clientY];
  add(event);
}

function brushes() {
  const row = choices(part("brushes"), CLASSES, (code) => String(code), (code) => (brush = code), { decorate: marker });
  row.show(brush);
}

export function drawing() {
  on("settings", ({ values }) => {
    const drawn = values.data === "drawn";
    if (drawn && part("drawing").hidden) brushes();
    part("drawing").hidden = !drawn;
    canvas.classList.toggle("pencil", drawn);
    if (!drawn || answered("points")) return; // the session's copy is older than ours
    const { problem } = present;
    points = problem.points.map(([x, y], row) => [x, y, problem.labels[row]]);
    part("drawn").textContent = points.length;
    part("undo").disabled = part("clear").disabled = points.length === 0;
  });
  canvas.addEventListener("pointerdown", (event) => {
    if (!isDrawing() || event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    follow(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (trail && Math.hypot(event.clientX - trail[0], event.clientY - trail[1]) >= APART) follow(event);
  });
  on("pressed", (place) => isDrawing() && add(place));
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (trail = null));
  part("undo").addEventListener("click", () => {
    points = points.slice(0, -1);
    tell();
  });
  part("clear").addEventListener("click", () => {
    points = [];
    tell();
  });
}
