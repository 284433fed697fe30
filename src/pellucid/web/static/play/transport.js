// Run, pause, step, back, and the slider through the whole history; by mouse, touch and keyboard.

import { answered, on, send, sendLatest } from "./wire.js";

const part = (id) => document.getElementById(id);
let frame = { iteration: 0, furthest: 0, running: false };
let scrubbing = false;

function show(next) {
  frame = next;
  const button = part("run");
  button.textContent = frame.running ? "Pause" : "Run";
  button.classList.toggle("running", frame.running);
  part("iteration").textContent = frame.iteration.toLocaleString("en");
  part("furthest").textContent = frame.furthest.toLocaleString("en");
  const scrub = part("scrub");
  scrub.max = Math.max(1, frame.furthest);
  scrub.disabled = frame.furthest === 0;
  if (!scrubbing) scrub.value = frame.iteration;
  part("back").disabled = frame.iteration === 0;
  part("replaced").hidden = !frame.replaced;
  if (part("replaced-told").textContent !== (frame.replaced ?? "")) part("replaced-told").textContent = frame.replaced ?? "";
}

export const pace = () => Number(part("speed").value); // iterations a second; 0 is as fast as it goes

// Points on their way would begin the training anew, so it goes on only behind them.
async function run() {
  await answered("points");
  send({ do: "run", pace: pace() });
}

async function step() {
  await answered("points");
  sendLatest("step", { do: "step", n: 1 });
}

const toggle = () => (frame.running ? send({ do: "pause" }) : run());
const back = () => sendLatest("step", { do: "back", n: 1 });

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const plane = event.target === part("plane") && event.key !== " "; // its arrows move the cross
  if (plane || event.target.closest("button, select, textarea, summary, a, input:not(#scrub)")) return;
  const action = { " ": toggle, ArrowRight: step, ArrowLeft: back }[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

export function transport() {
  on("frame", show);
  part("run").addEventListener("click", toggle);
  part("step").addEventListener("click", step);
  part("back").addEventListener("click", back);
  part("undo-change").addEventListener("click", () => send({ do: "undo" }));
  part("restart").addEventListener("click", () => send({ do: "restart" }));
  part("new_start").addEventListener("click", () => send({ do: "new_start" }));
  part("scrub").addEventListener("input", async (event) => {
    scrubbing = true;
    await sendLatest("go", { do: "go", iteration: Number(event.target.value) });
  });
  part("scrub").addEventListener("change", () => (scrubbing = false));
  part("speed").addEventListener("change", () => frame.running && run());
  document.addEventListener("keydown", onKey);
}
