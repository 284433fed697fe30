// Step 4: what to expect of the network, and where it is wrong.

import { make } from "./element.js";
import { address } from "./transport.js";

export const title = "Mistakes";
export const lead = "It was asked about photographs that it had not learned from. Look at what it got wrong: " +
  "a wrong label, an odd picture, a background it fell for.";

/** Show the headline and the report. */
export function show(body, state) {
  const told = state.outcome;
  if (told.early) {
    body.append(make("p", { class: "quiet", text: `You stopped it early: ${told.networks} answer, and fewer photographs judged them.` }));
  }
  const report = address("report");
  if (state.files.includes("report")) {
    body.append(make("iframe", { class: "report", src: report, title: "The report, with all mistakes", sandbox: "allow-scripts allow-downloads allow-modals", allow: "clipboard-write" }),
      make("p", {}, make("a", { href: report, target: "_blank", rel: "noopener", text: "Open the report by itself" })));
    return;
  }
  body.append(make("p", { class: "headline", text: told.headline }),
    make("ul", {}, ...told.sentences.map((text) => make("li", { text }))),
    make("p", { class: "quiet", text: "The report was stopped before it was done." }));
}
