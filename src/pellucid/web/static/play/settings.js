// Everything that may be set, each with the control that suits it.

import { button } from "../element.js";
import { choices, list, slider } from "./controls.js";
import { change } from "./present.js";
import { DECAYS, RATES, number } from "./scale.js";
import { on, send, sendLatest } from "./wire.js";

const IN_VIEW = ["tanh", "relu", "sigmoid", "gelu"];
const BATCHES = [0, 1, 4, 16, 32, 64, 128];
const NAMES = { drawn: "draw by hand", table: "your table", lbfgs: "L-BFGS" };

export const INITS = { "normal_0.01": "small normal", "uniform_0.01": "small uniform", zeros: "all zeros", he: "He", lecun: "LeCun", xavier: "Xavier" };

export const plain = (name) => NAMES[name] ?? INITS[name] ?? String(name).replaceAll("_", " ");

const steps = (low, high, step) => Array.from({ length: Math.round((high - low) / step) + 1 }, (_, at) => Number((low + at * step).toFixed(6)));
const share = (value) => `${number(100 * value, 3)}%`; // 20%, not 20.0%
const set = (name) => (value) => sendLatest(name, { do: "set", settings: { [name]: value } });

let shown = null; // built once the session has told its choices

function build({ choices: offered, values }) {
  const data = choices(document.getElementById("data"), offered.data, plain, (name) => send({ do: "set", settings: { data: name } }));
  const others = offered.activation.filter((name) => !IN_VIEW.includes(name));
  const activation = choices(
    document.getElementById("activation"),
    IN_VIEW.filter((name) => offered.activation.includes(name)),
    plain,
    (name) => change(({ layers }) => ({ layers: layers.map(([width]) => [width, name]) })),
    { more: others },
  );
  const controls = {
    noise: slider("Noise", steps(0, 1, 0.05), (value) => number(value, 2), set("noise")),
    samples: slider("Points", steps(50, 1000, 50), String, set("samples")),
    held_out: slider("Held out", steps(0, 0.5, 0.05), share, set("held_out")),
    optimizer: list("Optimizer", offered.optimizer, plain, set("optimizer")),
    rate: slider("Learning rate", RATES, (value) => number(value, 3), set("rate")),
    batch: list("Batch", BATCHES, (value) => (value ? String(value) : "all rows"), set("batch")),
    init: list("Start", offered.init, plain, set("init")),
    l2: slider("L2", DECAYS, (value) => number(value, 2), set("l2")),
    dropout: slider("Dropout", steps(0, 0.8, 0.05), share, set("dropout")),
  };
  const fresh = button("Fresh points", () => change((values) => ({ data_seed: values.data_seed + 1 })));
  document.getElementById("data-settings").replaceChildren(...["noise", "samples", "held_out"].map((name) => controls[name].element), fresh);
  document.getElementById("learning-settings").replaceChildren(
    ...["rate", "optimizer", "batch", "init", "l2", "dropout"].map((name) => controls[name].element),
  );
  return { data, activation, controls, fresh };
}

function show(settings) {
  shown ??= build(settings);
  const { values } = settings;
  shown.data.show(values.data);
  const kinds = new Set(values.layers.map(([, name]) => name));
  shown.activation.show(kinds.size === 1 ? [...kinds][0] : null);
  for (const [name, control] of Object.entries(shown.controls)) control.show(values[name]);
  const made = !["drawn", "table"].includes(values.data);
  for (const part of [shown.controls.noise.element, shown.controls.samples.element, shown.fresh]) part.hidden = !made;
}

// For a table of many columns: which two make the plane.
function planeColumns(problem) {
  const holder = document.getElementById("plane-columns");
  holder.hidden = problem.feature_names.length <= 2;
  if (holder.hidden) return;
  const names = problem.feature_names.map((_, at) => at);
  const chosen = [...problem.columns];
  const lists = ["Across", "Up"].map((name, at) =>
    list(name, names, (column) => problem.feature_names[column], (column) => {
      chosen[at] = Number(column);
      if (chosen[0] !== chosen[1]) send({ do: "surface", columns: chosen });
    }),
  );
  lists.forEach((each, at) => each.show(problem.columns[at]));
  holder.replaceChildren(...lists.map((each) => each.element));
}

export function settings() {
  on("settings", show);
  on("problem", planeColumns);
}
