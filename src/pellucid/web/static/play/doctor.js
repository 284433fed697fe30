// The doctor's sentence, always in view, with the button that carries out its advice; and what went wrong, in words.

import { on, send } from "./wire.js";

const part = (id) => document.getElementById(id);
const FIRST = "Press Run and watch the net learn to tell the classes apart.";
const WELL = "Nothing is wrong as far as the doctor sees.";

function show(frame) {
  const { finding, stopped, iteration } = frame;
  const text = stopped ?? finding?.sentence ?? (iteration ? WELL : FIRST);
  if (part("finding").textContent !== text) part("finding").textContent = text;
  part("apply").hidden = !finding?.apply;
  const state = stopped || finding?.apply ? "ill" : iteration ? "well" : "new";
  part("mark").dataset.state = state;
}

export function doctor() {
  on("frame", show);
  on("error", ({ text }) => {
    part("trouble").textContent = text;
    part("trouble").hidden = false;
  });
  on("fine", () => (part("trouble").hidden = true));
  part("apply").addEventListener("click", () => send({ do: "apply" }));
}
