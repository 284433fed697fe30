// One weight in the hand: its value, its gradient, what the next step makes of it, and a slider that moves it.

import { markChosen } from "./network.js";
import { number } from "./scale.js";
import { on, sendLatest } from "./wire.js";

const part = (id) => document.getElementById(id);
let chosen = null;
let shape = "";
let held = false; // the slider is being dragged: it must not be moved under the hand

const nameOf = ({ layer, row, column }) => (column < 0 ? `b${layer}[${row + 1}]` : `W${layer}[${row + 1},${column + 1}]`);
const keyOf = ({ layer, row, column }) => `${layer},${row},${column}`;

function choose(weight) {
  chosen = weight;
  held = false;
  part("weights").value = weight ? keyOf(weight) : "";
  part("weight-detail").hidden = !weight;
  part("weight-hint").hidden = Boolean(weight);
  markChosen(weight);
  if (weight) sendLatest("weight", { do: "weight", ...weight });
}

function fill({ weights }) {
  const now = JSON.stringify(weights.map((rows) => [rows.length, rows[0].length]));
  if (now === shape) return;
  shape = now;
  const groups = weights.map((rows, at) => {
    const group = document.createElement("optgroup");
    group.label = at === weights.length - 1 ? "output layer" : `hidden layer ${at + 1}`;
    rows.forEach((row, unit) =>
      [...row.keys(), -1].forEach((column) => {
        const weight = { layer: at + 1, row: unit, column };
        group.append(new Option(nameOf(weight), keyOf(weight)));
      }),
    );
    return group;
  });
  part("weights").replaceChildren(new Option("choose one", ""), ...groups);
  choose(null);
}

function show(weight) {
  if (!chosen || keyOf(weight) !== keyOf(chosen)) return;
  part("weight-value").textContent = number(weight.value, 5);
  part("weight-gradient").textContent = number(weight.gradient, 5);
  part("weight-next").textContent = number(weight.next, 5);
  part("weight-formula").textContent = weight.formula;
  const slider = part("weight-slider");
  slider.setAttribute("aria-valuetext", number(weight.value, 5));
  if (held) return;
  const reach = Math.max(1, 2 * Math.abs(weight.value));
  slider.min = weight.value - reach;
  slider.max = weight.value + reach;
  slider.value = weight.value;
}

export function weight() {
  on("frame", (frame) => {
    fill(frame);
    markChosen(chosen);
    if (chosen && !held) sendLatest("weight", { do: "weight", ...chosen });
  });
  on("weight", show);
  on("chosen", ({ layer, row, column }) => choose({ layer, row, column }));
  part("weights").addEventListener("change", (event) => {
    const [layer, row, column] = event.target.value.split(",").map(Number);
    choose(event.target.value ? { layer, row, column } : null);
  });
  const slider = part("weight-slider");
  slider.addEventListener("input", () => {
    held = true;
    sendLatest("set_weight", { do: "set_weight", ...chosen, value: Number(slider.value) });
  });
  slider.addEventListener("change", () => (held = false));
}
