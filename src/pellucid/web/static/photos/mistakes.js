// Step 4: what to expect of the network, and where it is wrong.

import { button, make } from "../element.js";
import { stages, update } from "./train.js";
import { address } from "./transport.js";

export { update };

export const title = "Mistakes";
export const lead = "These photographs were not used for training. Look at what the model got wrong: " +
  "a wrong label, an odd picture, a misleading background.";

/** Show the headline and the report. */
export function show(body, state, act) {
  const told = state.outcome;
  if (told.early) {
    body.append(make("p", { class: "quiet", text: `You stopped early: ${told.networks} vote, and fewer photographs tested them.` }));
  }
  const report = address("report");
  if (state.files.includes("report")) {
    body.append(make("iframe", { class: "report", src: report, title: "The report, with all mistakes", sandbox: "allow-scripts allow-downloads allow-modals", allow: "clipboard-write" }),
      make("p", {}, make("a", { href: report, target: "_blank", rel: "noopener", text: "Open the report by itself" })));
    return;
  }
  body.append(make("p", { class: "headline", text: told.headline }),
    make("ul", {}, ...told.sentences.map((text) => make("li", { text }))),
    ...(state.progress ? beingMade(state, act) : [make("p", { class: "quiet", text: "The report was left out." })]));
  update(body, state);
}

function beingMade(state, act) {
  return [
    make("p", { text: "The report is being made, with every mistake to look at. You can try a photograph meanwhile." }),
    stages(state.progress, ["report"]), make("p", { id: "remaining", class: "quiet" }),
    button("Leave the report out", () => act.send({ do: "stop" }), { id: "stop" }),
  ];
}
