// The page: five steps as a path, one of them shown, what comes next below. All it knows is the session's state.

import { button, count, make } from "../element.js";
import { theme } from "../theme.js";
import { dropped } from "./dropping.js";
import { forget } from "./pictures.js";
import { listen, send, upload } from "./transport.js";
import * as gather from "./gather.js";
import * as check from "./check.js";
import * as train from "./train.js";
import * as mistakes from "./mistakes.js";
import * as trial from "./trial.js";

const STEPS = [gather, check, train, mistakes, trial];
const STEP_OF = { photos: 0, checking: 1, checked: 1, training: 2, trained: 3 };
const AT_ONCE = 3; // files on their way together

const at = (id) => document.getElementById(id);
let state = null;
let step = 0;
let taking = false;
let sent = 0; // messages, and the latest of them whose state is shown
let shown = 0;

const act = { send: message, take, again: draw, alert: warn, pasted: null };

function warn(text) {
  at("alert").textContent = text;
  at("alert").hidden = !text;
}

function say(text) {
  at("live").textContent = text;
}

async function message(asked) {
  const turn = ++sent;
  receive(await send(asked), turn);
}

/** Show what answers say. An answer that a later one has overtaken is dropped: nothing would correct it. */
function receive(answers, turn = sent) {
  for (const answer of answers) {
    if (answer.kind === "error") warn(answer.text);
    if (answer.kind === "state" && turn >= shown) {
      shown = turn;
      become(answer);
    }
    if (answer.kind === "status" && state) told(answer);
  }
}

function become(next) {
  const moved = !state || state.stage !== next.stage;
  if (state?.changes !== next.changes) forget();
  state = next;
  if (moved) step = STEP_OF[state.stage];
  warn(state.error);
  if (!moved && STEPS[step].renew) STEPS[step].renew(at("body"), state); // what is shown there stays
  else draw();
  if (moved && state.stage === "photos" && gather.ready(state) && (state.zip || state.given) && !state.error) message({ do: "check" });
}

function told(status) {
  if (!state) return;
  if (status.stage !== state.stage || status.changes !== state.changes) {
    if (!taking) message({ do: "open" });
    return;
  }
  Object.assign(state, { progress: status.progress, stopping: status.stopping, looking: status.looking });
  STEPS[step].update?.(at("body"), state);
  if (status.progress && state.stage === "training") say(train.left(status.progress));
}

/** Send files to the album, a few at a time; what is refused is named, the rest is kept. */
async function take(files, ofClass = "") {
  const wanted = files.filter(({ path }) => path.toLowerCase().endsWith(".zip") || state.endings.some((end) => path.toLowerCase().endsWith(end)));
  const refused = [];
  if (files.length && !wanted.length) refused.push("There is no picture among these files.");
  const queue = [...wanted];
  if (!ofClass) gather.forgetEmpty();
  let done = 0;
  taking = true;
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [answer] = await upload(next.file, { path: next.path, class: ofClass });
      if (answer.kind === "error") refused.push(answer.text);
      done += 1;
      at("next").textContent = `Taking in ${done} of ${count(wanted.length, "file")}…`;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  taking = false;
  say(`${count(done - refused.length, "file")} taken in.`);
  await message({ do: "open" });
  const zipped = state.zip && state.stage === "photos";
  if (refused.length) warn(refused.length > 3 ? `${refused.slice(0, 3).join(" ")} And ${refused.length - 3} more.` : refused.join(" "));
  else if (zipped) message({ do: "check" });
}

function reachable(number) {
  return number === 0 || (number === 1 && state.stage !== "photos") || (number === 2 && ["training", "trained"].includes(state.stage)) ||
    state.stage === "trained";
}

function go(number) {
  step = number;
  warn("");
  draw();
  at("step").focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function draw() {
  const here = STEPS[step];
  act.pasted = null;
  at("path").replaceChildren(...STEPS.map(({ title }, number) => make("li", { class: number < Math.max(step, STEP_OF[state.stage]) ? "past" : "" },
    button("", () => go(number), { class: "stop", disabled: !reachable(number), "aria-current": number === step ? "step" : null }))));
  [...at("path").children].forEach((item, number) => item.firstChild.append(
    make("span", { class: "dot", text: number + 1, "aria-hidden": "true" }), make("span", { class: "name", text: STEPS[number].title })));
  document.title = `${here.title} · pellucid photographs`;
  at("title").textContent = here.title;
  at("lead").textContent = here.lead;
  at("anew").hidden = !(state.classes.length || state.zip || state.given);
  const body = make("div", { id: "body" });
  at("body").replaceWith(body);
  here.show(body, state, act);
  drawNext();
}

function drawNext() {
  const primary = (text, click, disabled = false) => button(text, click, { class: "primary", disabled });
  const next = {
    0: () => [primary("Check the photographs", () => message({ do: "check" }), !gather.ready(state) || state.stage === "checking" || state.stage === "training"), gather.missing(state)],
    1: () => state.stage === "checked" || state.stage === "trained"
      ? [primary("Train", () => message({ do: "train", merge: check.joined(at("body")) }), Boolean(state.progress)), "Next, a model learns from them."] : [null, ""],
    2: () => state.stage === "trained" ? [primary("Look at the mistakes", () => go(3)), ""] : [null, ""],
    3: () => [primary("Try a photograph", () => go(4)), "Next, show it one of your own photographs."],
    4: () => [null, ""],
  };
  const [element, hint] = next[step]();
  at("next").replaceChildren(...[element, hint ? make("span", { class: "quiet", text: hint }) : null].filter(Boolean));
}

at("anew").addEventListener("click", () => {
  if (window.confirm("Remove these photographs and the trained model?")) message({ do: "clear" });
});
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", async (event) => { // beside the zone is meant for it, never for the browser
  event.preventDefault();
  if (step === 0 && state && gather.ready({ ...state, classes: [] }) === false) take(await dropped(event.dataTransfer));
});
document.addEventListener("paste", (event) => act.pasted?.(event.clipboardData));

theme();
await message({ do: "open" });
if (state) listen(told);
