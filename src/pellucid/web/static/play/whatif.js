// What if the rate, the width or the start were another: the whole run anew, its curve over the grey old one.

import { list, slider } from "./controls.js";
import { showFan, showTrial } from "./curves.js";
import { surfaceCanvas } from "./maps.js";
import { present } from "./present.js";
import { RATES, number, percent } from "./scale.js";
import { plain } from "./settings.js";
import { on, send } from "./wire.js";

const HINT = "Move a slider: the new curve appears over yours, which turns grey.";
const WAIT = 30; // milliseconds without a further change
const WIDTHS = Array.from({ length: 16 }, (_, at) => at + 1);
const SEEDS = Array.from({ length: 21 }, (_, at) => at);

const part = (id) => document.getElementById(id);
let changes = {};
let asked = 0; // how many were sent: an answer to an older one is left aside
let timer = null;
let starts = [];
let controls = null;

function say(text) {
  part("whatif-result").textContent = text;
}

function forget() {
  changes = {};
  asked += 1;
  clearTimeout(timer);
  starts = [];
  showTrial(null);
  showFan([]);
  say(HINT);
  part("whatif-surface").hidden = true;
  part("whatif-keep").disabled = part("whatif-forget").disabled = true;
  part("starts").disabled = false; // what still comes of the last ones is left aside
  if (present.settings) reset(present.settings);
}

function reset({ values }) {
  controls.rate.show(values.rate);
  controls.width.show(values.layers[0]?.[0] ?? 1);
  controls.init.show(values.init);
  controls.seed.show(values.seed);
}

function change(name, value) {
  const since = performance.now();
  changes = { ...changes, [name]: value };
  clearTimeout(timer);
  timer = setTimeout(() => ask(since), WAIT);
}

const costAt = ({ iterations, cost }, iteration) => cost[iterations.indexOf(iteration)];

// The last iteration at which the costs of both are known: each curve goes by steps of its own.
function lastOfBoth(run, own) {
  const known = new Set(run.iterations);
  return own.iterations.findLast((iteration) => known.has(iteration));
}

function sentence(run) {
  if (run.died) return `This run failed: ${run.why}`;
  const own = present.frame.curve;
  const end = lastOfBoth(run, own);
  const compared = end ? `; at iteration ${end.toLocaleString("en")} its cost is ${number(costAt(run, end), 3)}, yours ${number(costAt(own, end), 3)}` : "";
  return `${percent(run.accuracy)} right${run.validation_accuracy === null ? "" : `, held out ${percent(run.validation_accuracy)},`} after ${run.iterations.at(-1).toLocaleString("en")} iterations${compared}.`;
}

async function ask(since) {
  const mine = ++asked;
  say("training\u2026");
  const replies = await send({ do: "whatif", settings: changes });
  const run = replies.find((reply) => reply.kind === "whatif");
  if (mine !== asked) return;
  if (!run) return forget(); // it was refused; why is told at the top
  starts = [];
  showTrial(run);
  say(sentence(run));
  part("whatif-keep").disabled = part("whatif-forget").disabled = false;
  const small = part("whatif-surface");
  small.hidden = !run.surface;
  if (run.surface) small.getContext("2d").drawImage(surfaceCanvas(run.surface, present.problem.class_names.length), 0, 0, small.width, small.height);
  requestAnimationFrame(() => (document.documentElement.dataset.whatifMs = Math.round(performance.now() - since)));
}

function build({ choices }) {
  const made = {
    rate: slider("Learning rate", RATES, (value) => number(value, 3), (value) => change("rate", value)),
    width: slider("Units in each hidden layer", WIDTHS, String, (width) => change("layers", present.settings.values.layers.map(([, name]) => [width, name]))),
    seed: slider("Start number", SEEDS, String, (value) => change("seed", value)),
    init: list("Start", choices.init, plain, (value) => change("init", value)),
  };
  part("whatif-settings").replaceChildren(...Object.values(made).map((control) => control.element));
  return made;
}

function told(done) {
  const died = starts.filter((start) => start.died);
  const living = starts.filter((start) => !start.died).map((start) => start.cost.findLast((value) => value !== null));
  const count = `${starts.length} of ${done} starts`;
  const best = living.length ? ` Cost at the end: ${number(Math.min(...living), 3)} to ${number(Math.max(...living), 3)}.` : "";
  const dead = died.length ? ` ${died.length} failed: ${died.map((start) => `${start.seed} (${start.why ?? "no reason given"})`).join(", ")}.` : " None failed.";
  return `${count}.${best}${dead}`;
}

export function whatif() {
  on("settings", (settings) => {
    controls ??= build(settings);
    forget();
  });
  on("start", (start) => {
    if (!part("starts").disabled) return;
    starts = [...starts, start];
    showFan(starts);
    say(told(10));
  });
  on("starts", () => (part("starts").disabled = false));
  part("starts").addEventListener("click", async () => {
    forget();
    part("starts").disabled = true;
    part("whatif-forget").disabled = false;
    say("training\u2026");
    const replies = await send({ do: "starts", count: 10 });
    if (replies.some((reply) => reply.kind === "error")) forget();
  });
  part("whatif-forget").addEventListener("click", forget);
  part("whatif-keep").addEventListener("click", () => send({ do: "whatif", settings: changes, keep: true }));
}
