// The doctor's sentence, always in view, with the button that carries out its advice; and what went wrong, in words.

import { pace } from "./transport.js";
import { on, send } from "./wire.js";

const part = (id) => document.getElementById(id);
const FIRST = "Press Run and watch the network learn to tell the classes apart.";

function show({ finding, stopped, iteration, running }) {
  const ill = Boolean(stopped) || (finding && finding.level !== "note");
  const text = finding?.sentence ?? stopped;
  const said = iteration === 0 && !ill && finding?.name !== "too little" ? FIRST : text;
  if (said && part("finding").textContent !== said) part("finding").textContent = said;
  part("finding").setAttribute("aria-live", running ? "off" : "polite"); // a screen reader is not to be talked over
  part("apply").hidden = !finding?.apply || (running && finding.name === "stopped too early"); // it does run on
  part("mark").dataset.state = ill ? "ill" : iteration ? "well" : "new";
}

export function doctor() {
  on("frame", show);
  on("error", ({ text }) => {
    part("trouble").textContent = text;
    part("trouble").hidden = false;
  });
  on("fine", () => (part("trouble").hidden = true));
  part("apply").addEventListener("click", () => send({ do: "apply", pace: pace() }));
}
