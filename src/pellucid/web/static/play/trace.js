// The work for one point: the trace's own page in a frame, in front of the playground.

import { showWork } from "../work.js";
import { isDrawing } from "./drawing.js";
import { canvas, rowAt } from "./plane.js";
import { present } from "./present.js";
import { address, on } from "./wire.js";

const part = (id) => document.getElementById(id);

function open(row) {
  const label = present.problem.class_names[present.problem.labels[row]];
  part("row").value = row;
  showWork(`The computation for point ${row}, of ${label}`, address("trace", { row }));
}

export function trace() {
  const pick = (event, reach) => {
    const row = isDrawing() ? null : rowAt(event, reach);
    if (row !== null) open(row);
  };
  canvas.addEventListener("click", (event) => pick(event));
  on("pressed", (place) => pick(place, Infinity));
  canvas.addEventListener("pointermove", (event) => {
    if (!isDrawing() && present.problem) canvas.classList.toggle("over", rowAt(event) !== null);
  });
  part("trace-row").addEventListener("submit", (event) => {
    event.preventDefault();
    const row = Number(part("row").value);
    if (row < present.problem.points.length) open(row);
  });
}
