// The network: a line for each weight, as wide as it is large; a map of each unit's answer over the plane.

import { layerHead } from "./layers.js";
import { surfaceCanvas, unitCanvas } from "./maps.js";
import { marker, rgb, themeColour } from "./palette.js";
import { present } from "./present.js";
import { number } from "./scale.js";
import { deliver, on } from "./wire.js";

const MOST = 8; // units of a layer that are drawn
const HEAD = 82; // pixels for the layers' controls
const SVG = "http://www.w3.org/2000/svg";

const holder = document.getElementById("columns");
let drawn = null; // the parts that frames change: {shape, units, edges}

const element = (name, attributes) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

function widths(frame) {
  return [frame.weights[0][0].length, ...frame.weights.map((rows) => rows.length)];
}

function place(counts, width, height, size) {
  const across = counts.length - 1;
  const margin = size / 2 + 22;
  return counts.map((count, at) =>
    Array.from({ length: Math.min(count, MOST) }, (_, unit) => [
      margin + (at * (width - 2 * margin)) / across,
      HEAD + (height - HEAD) * ((unit + 0.5) / Math.min(count, MOST)),
    ]),
  );
}

function unitElement(layer, unit, last, [x, y], size) {
  const input = layer === 0;
  const made = document.createElement(input ? "div" : "button");
  made.className = `unit${layer === last ? " output" : ""}`;
  if (!input) {
    made.type = "button";
    made.addEventListener("click", () => deliver({ kind: "chosen", layer, row: unit, column: -1 }));
  }
  Object.assign(made.style, { left: `${x - size / 2}px`, top: `${y - size / 2}px`, width: `${size}px`, height: `${size}px` });
  const canvas = document.createElement("canvas");
  canvas.setAttribute("aria-hidden", "true");
  made.append(canvas);
  const name = document.createElement("span");
  name.className = "name";
  const text = document.createElement("span");
  if (layer === last) name.append(marker(drawnClass(unit)));
  if (input || layer === last) text.textContent = name.title = input ? present.problem.input_names[unit] : present.problem.class_names[drawnClass(unit)];
  name.append(text);
  made.append(name);
  return made;
}

// One output tells of the second class; several, each of its own.
const drawnClass = (unit) => (present.frame.biases.at(-1).length === 1 ? 1 : unit);

function edge(layer, row, column, [x0, y0], [x1, y1], size) {
  const [from, to] = [x0 + size / 2, x1 - size / 2];
  const bend = (to - from) * 0.4;
  const d = `M${from} ${y0}C${from + bend} ${y0} ${to - bend} ${y1} ${to} ${y1}`;
  const line = element("path", { d });
  const reach = element("path", { d, class: "reach" });
  const title = element("title", {});
  reach.append(title);
  reach.addEventListener("click", () => deliver({ kind: "chosen", layer, row, column }));
  reach.dataset.weight = `${layer},${row},${column}`;
  return { line, reach, title, layer, row, column };
}

function build(frame) {
  const counts = widths(frame);
  const last = counts.length - 1;
  const most = Math.min(MOST, Math.max(...counts));
  const width = Math.max(holder.clientWidth, counts.length * 92);
  const size = Math.max(26, Math.min(46, 330 / most - 10));
  const height = HEAD + Math.max(210, most * (size + 20));
  const places = place(counts, width, height, size);
  const net = Object.assign(document.createElement("div"), { className: "net" });
  Object.assign(net.style, { width: `${width}px`, height: `${height + 34}px` });
  const svg = element("svg", { width, height, class: "edges", role: "group", "aria-label": "Weights; choose one in the list below the network" });
  const edges = [];
  for (let layer = 1; layer <= last; layer++) {
    places[layer].forEach((to, row) => places[layer - 1].forEach((from, column) => edges.push(edge(layer, row, column, from, to, size))));
  }
  svg.append(...edges.map(({ line }) => line), ...edges.map(({ reach }) => reach));
  net.append(svg);
  const units = places.map((layer, at) => layer.map((spot, unit) => unitElement(at, unit, last, spot, size)));
  counts.forEach((count, at) => {
    net.append(layerHead(at, last, count, places[at][0][0]));
    if (count > MOST) {
      const rest = Object.assign(document.createElement("span"), { className: "rest", textContent: `+ ${count - MOST} more` });
      Object.assign(rest.style, { left: `${places[at][0][0]}px`, top: `${height + 14}px` });
      net.append(rest);
    }
  });
  net.append(...units.flat());
  const held = holder.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
  holder.replaceChildren(net);
  if (held) holder.querySelector(`[aria-label="${CSS.escape(held)}"]`)?.focus({ preventScroll: true }); // it goes on where it was
  return { shape: shapeOf(frame), units, edges, last };
}

const shapeOf = (frame) => JSON.stringify([widths(frame), holder.clientWidth, present.problem.class_names, present.problem.input_names, present.settings.values.layers]);

function paint(unit, picture) {
  const canvas = unit.firstChild;
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d").drawImage(picture, 0, 0);
}

// An input's map is a slope across or up the plane; columns outside the plane have none.
function slope(across) {
  const canvas = Object.assign(document.createElement("canvas"), { width: 24, height: 24 });
  const pen = canvas.getContext("2d");
  const fill = across ? pen.createLinearGradient(0, 0, 24, 0) : pen.createLinearGradient(0, 24, 0, 0);
  ["negative", "ground", "positive"].forEach((name, at) => fill.addColorStop(at / 2, `rgb(${rgb(themeColour(name))})`));
  pen.fillStyle = fill;
  pen.fillRect(0, 0, 24, 24);
  return canvas;
}

function update(frame) {
  const largest = frame.weights.map((rows) => Math.max(1e-12, ...rows.flat().map(Math.abs)));
  for (const { line, title, layer, row, column } of drawn.edges) {
    const value = frame.weights[layer - 1][row][column];
    line.setAttribute("class", `edge ${value < 0 ? "minus" : "plus"}`);
    line.style.strokeWidth = 0.4 + (5.6 * Math.abs(value)) / largest[layer - 1];
    title.textContent = `W${layer}[${row + 1},${column + 1}] = ${number(value)}`;
  }
  const silent = new Set(frame.silent.map(String));
  const { columns, feature_names: plane, input_names: inputs } = present.problem;
  const [across, up] = columns.map((column) => inputs.indexOf(plane[column]));
  drawn.units.forEach((units, layer) =>
    units.forEach((unit, at) => {
      if (layer === 0) {
        if (at === across || at === up) paint(unit, slope(at === across));
        return;
      }
      const map = frame.units[layer - 1]?.[at];
      if (layer < drawn.last && map) paint(unit, unitCanvas(map, frame.unit_size));
      if (layer === drawn.last && frame.surface) paint(unit, surfaceCanvas(frame.surface, present.problem.class_names.length, units.length > 1 ? at : null));
      const still = silent.has(String([layer, at]));
      unit.classList.toggle("silent", still);
      const bias = `bias ${number(frame.biases[layer - 1][at])}`;
      const place = layer === drawn.last ? "Output" : `Unit ${at + 1} of hidden layer ${layer}`;
      unit.title = `${place}, ${bias}${still ? "; silent: the same output everywhere" : ""}`;
      unit.setAttribute("aria-label", unit.title);
    }),
  );
}

function show(frame) {
  if (!frame.weights.length) return;
  if (drawn?.shape !== shapeOf(frame)) drawn = build(frame);
  update(frame);
}

export function markChosen(chosen) {
  for (const { line, layer, row, column } of drawn?.edges ?? []) {
    line.classList.toggle("chosen", Boolean(chosen) && layer === chosen.layer && row === chosen.row && column === chosen.column);
  }
}

export function repaintNetwork() {
  drawn = null;
  if (present.frame) show(present.frame);
}

export function network() {
  on("frame", show);
  new ResizeObserver(() => present.frame && drawn?.shape !== shapeOf(present.frame) && show(present.frame)).observe(holder);
}
