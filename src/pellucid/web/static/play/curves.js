// The cost of training and held-out rows by iteration; beside them the curves of what-if and of other starts.

import { themeColour } from "./palette.js";
import { number } from "./scale.js";
import { on } from "./wire.js";

const holder = document.getElementById("curves");
const HEIGHT = 210;
let chart = null;
let curve = { iterations: [0], cost: [null], validation: null };
let iteration = 0;
let trial = null; // the what-if's run
let fan = []; // runs from other starts

const logarithmic = () => document.getElementById("log").checked;
const drawable = (values) => (logarithmic() ? values.map((value) => (value > 0 ? value : null)) : values);

// Each line: its name, its table of two columns, and how it is drawn.
function lines() {
  const old = trial !== null;
  const told = [];
  fan.forEach((start) => {
    told.push({ name: start.died ? "failed starts" : "other starts", run: start, key: "cost", stroke: themeColour(start.died ? "bad" : "quiet"), width: 1, dash: start.died ? [3, 3] : [] });
  });
  const [train, held] = old ? [themeColour("quiet"), themeColour("quiet")] : [themeColour("positive"), themeColour("negative")];
  if (curve.validation?.some((value) => value !== null)) told.push({ name: old ? "held out, yours" : "held out", run: curve, key: "validation", stroke: held, width: 1.5, dash: [6, 4] });
  told.push({ name: old ? "training, yours" : "training", run: curve, key: "cost", stroke: train, width: 2 });
  if (trial?.validation?.some((value) => value !== null)) told.push({ name: "held out, what if", run: trial, key: "validation", stroke: themeColour("negative"), width: 1.5, dash: [6, 4] });
  if (trial) told.push({ name: "training, what if", run: trial, key: "cost", stroke: themeColour("positive"), width: 2 });
  return told;
}

function table(told) {
  if (!told.every(({ run }) => run === told[0].run)) {
    return uPlot.join(told.map(({ run, key }) => [run.iterations, drawable(run[key])]));
  }
  return [told[0].run.iterations, ...told.map(({ run, key }) => drawable(run[key]))];
}

function key(told) {
  const seen = new Map(told.toReversed().map((line) => [line.name, line]));
  document.getElementById("curve-key").replaceChildren(
    ...[...seen.values()].map(({ name, stroke, dash, width }) => {
      const entry = document.createElement("span");
      const sign = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      for (const [what, value] of Object.entries({ viewBox: "0 0 26 8", "aria-hidden": "true" })) sign.setAttribute(what, value);
      for (const [what, value] of Object.entries({ d: "M1 4H25", stroke, "stroke-width": width, "stroke-dasharray": (dash ?? []).join(" ") })) path.setAttribute(what, value);
      sign.append(path);
      entry.append(sign, ` ${name}`);
      return entry;
    }),
  );
}

// A thin upright line where the training stands.
function standing(plot) {
  const x = plot.valToPos(iteration, "x", true);
  const { left, top, width, height } = plot.bbox;
  if (!(x >= left && x <= left + width)) return;
  plot.ctx.save();
  plot.ctx.strokeStyle = themeColour("ink");
  plot.ctx.lineWidth = devicePixelRatio;
  plot.ctx.beginPath();
  plot.ctx.moveTo(x, top);
  plot.ctx.lineTo(x, top + height);
  plot.ctx.stroke();
  plot.ctx.restore();
}

let shape = ""; // of the chart that stands: names and looks of its lines, its scale, the theme

export function drawCurves() {
  const told = lines();
  const data = table(told);
  const wanted = JSON.stringify([told.map(({ name, stroke }) => [name, stroke]), logarithmic()]);
  if (chart && wanted === shape) {
    chart.setData(data);
    return;
  }
  shape = wanted;
  chart?.destroy();
  const quiet = { stroke: themeColour("quiet"), grid: { stroke: themeColour("line"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
  chart = new uPlot(
    {
      width: holder.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 18, 0, 0],
      scales: { x: { time: false }, y: logarithmic() ? { distr: 3 } : { range: (_, low, high) => [Math.min(0, low ?? 0), (high ?? 1) * 1.05 || 1] } },
      axes: [
        { ...quiet, size: 28, values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? tick.toLocaleString("en") : "")) },
        { ...quiet, size: 48, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : number(tick, 3))) },
      ],
      series: [{}, ...told.map(({ name, stroke, width, dash }) => ({ label: name, stroke, width, dash, spanGaps: true, points: { show: false } }))],
      hooks: { draw: [standing] },
    },
    data,
    holder,
  );
  key(told);
}

export function showTrial(run) {
  trial = run;
  if (run) fan = [];
  drawCurves();
}

export function showFan(starts) {
  fan = starts;
  if (starts.length) trial = null;
  drawCurves();
}

export function curves() {
  on("frame", (frame) => {
    curve = frame.curve;
    iteration = frame.iteration;
    const said = `Cost ${number(frame.cost)} at iteration ${frame.iteration}`;
    holder.setAttribute("aria-label", frame.validation === null ? said : `${said}, held out ${number(frame.validation)}`);
    drawCurves();
  });
  document.getElementById("log").addEventListener("change", drawCurves);
  new ResizeObserver(() => chart?.setSize({ width: holder.clientWidth, height: HEIGHT })).observe(holder);
}
