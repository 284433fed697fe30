// Step 3: training, with how far it is and what is left, and a stop that keeps what was learned.

import { button, make } from "../element.js";

export const title = "Train";
export const lead = "The model learns from most photographs and is tested on the rest, several times, so that you know " +
  "what to expect. Then it learns from all of them.";

const TRAINING = ["reading", "judging", "training"];

/** Show the stages, and the stop. */
export function show(body, state, act) {
  if (state.stage === "training") {
    body.append(stages(state.progress, TRAINING), make("p", { id: "remaining", class: "big" }),
      button("Stop and keep what was learned", () => act.send({ do: "stop" }), { id: "stop" }));
    update(body, state);
  } else if (state.stage === "trained") {
    body.append(make("p", { class: "big", text: state.outcome.early ? "Stopped early; what was learned is kept." : "Done." }));
  }
}

/** Return the bars of the stages of some work; `only` some of them. */
export function stages(progress, only) {
  const list = make("ol", { class: "stages" });
  for (const stage of progress?.stages ?? []) {
    if (only && !only.includes(stage.name)) continue;
    list.append(make("li", { "data-stage": stage.name }, make("span", { class: "tickmark", "aria-hidden": "true" }),
      make("span", { text: stage.text }), make("span", { class: "number quiet" }),
      make("span", { class: "measure track", role: "progressbar", "aria-label": stage.text, "aria-valuemin": "0", "aria-valuemax": "100" },
        make("span", { class: "fill" }))));
  }
  if (progress) refresh(list, progress);
  return list;
}

/** Bring what is shown up to a new status. */
export function update(body, { progress, stopping }) {
  const list = body.querySelector(".stages");
  if (list && progress) refresh(list, progress);
  const line = body.querySelector("#remaining");
  if (line) line.textContent = stopping ? "Stopping after this step…" : left(progress);
  const stop = body.querySelector("#stop");
  if (stop) stop.disabled = stopping;
}

/** Return the time that is left in words; honest about what is not known yet. */
export function left(progress) {
  if (!progress) return "";
  if (progress.remaining !== null) return `${duration(progress.remaining)} left`;
  if (progress.stages.at(-1).begun) return "";
  return "The time left is known once the photographs are read.";
}

function duration(seconds) {
  if (seconds < 10) return "A few seconds";
  if (seconds < 90) return `About ${Math.ceil(seconds / 10) * 10} seconds`;
  return `About ${Math.ceil(seconds / 60)} minutes`;
}

function refresh(list, progress) {
  for (const stage of progress.stages) {
    const row = list.querySelector(`[data-stage="${stage.name}"]`);
    if (!row) continue;
    row.className = stage.ended ? "ended" : stage.begun ? "begun" : "";
    row.querySelector(".fill").style.setProperty("--share", stage.share);
    row.querySelector(".measure").setAttribute("aria-valuenow", Math.round(100 * stage.share));
    row.querySelector(".number").textContent = stage.begun && stage.total > 1 ? `${Math.floor(stage.done)} of ${stage.total}` : "";
  }
}
