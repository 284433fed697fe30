// The controls over each layer of the drawing: how many units, which activation; and how many layers there are.

import { button } from "../element.js";
import { change, present } from "./present.js";
import { plain } from "./settings.js";
import { on } from "./wire.js";

const edited = (edit) => change(({ layers }) => ({ layers: edit(layers) }));
const editedLayer = (at, edit) => edited((layers) => layers.map((layer, index) => (index === at - 1 ? edit(layer) : layer)));

const small = (sign, label, pressed) => button(sign, pressed, { title: label, class: "small", "aria-label": label });

function hidden(at, count) {
  const [, activation] = present.settings.values.layers[at - 1];
  const counter = document.createElement("div");
  counter.className = "counter";
  const units = Object.assign(document.createElement("output"), { textContent: count });
  const wider = (by) => () => editedLayer(at, ([width, name]) => [Math.max(1, width + by), name]);
  counter.append(small("\u2212", `One unit fewer in hidden layer ${at}`, wider(-1)), units, small("+", `One unit more in hidden layer ${at}`, wider(1)));
  const select = document.createElement("select");
  select.setAttribute("aria-label", `Activation of hidden layer ${at}`);
  select.append(...present.settings.choices.activation.map((name) => new Option(plain(name), name)));
  select.value = activation;
  select.addEventListener("change", () => editedLayer(at, ([width]) => [width, select.value]));
  return [counter, select];
}

export function layerHead(at, last, count, x) {
  const head = document.createElement("div");
  head.className = "layer-head";
  head.style.left = `${x}px`;
  const name = document.createElement("strong");
  name.textContent = at === 0 ? "input" : at === last ? "output" : `hidden ${at}`;
  head.append(name, ...(at === 0 || at === last ? [] : hidden(at, count)));
  return head;
}

export function layers() {
  on("settings", ({ values, limits }) => {
    document.getElementById("depth").textContent = values.layers.length;
    document.getElementById("more").disabled = values.layers.length >= limits.layers;
    document.getElementById("fewer").disabled = values.layers.length === 0;
  });
  document.getElementById("fewer").addEventListener("click", () => edited((layers) => layers.slice(0, -1)));
  document.getElementById("more").addEventListener("click", () => edited((layers) => [...layers, layers.at(-1) ?? [4, "tanh"]]));
}
