// The doctor's sentence, always in view, with the button that carries out its advice; and what went wrong, in words.

import { on, send } from "./wire.js";

const part = (id) => document.getElementById(id);
const FIRST = "Press Run and watch the net learn to tell the classes apart.";

function show({ finding, stopped, iteration, running }) {
  const ill = Boolean(stopped) || (finding && finding.level !== "note");
  const text = [stopped, finding?.sentence, finding?.advice].filter(Boolean).join(" ");
  const said = iteration === 0 && !running && !ill ? FIRST : text;
  if (said && part("finding").textContent !== said) part("finding").textContent = said;
  part("apply").hidden = !finding?.apply;
  part("mark").dataset.state = ill ? "ill" : iteration ? "well" : "new";
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
