// Step 5: a photograph is tried, and what was learned is taken home.

import { button, make } from "./element.js";
import { openCamera } from "./camera.js";
import { takesDrops } from "./dropping.js";
import { address, ask } from "./transport.js";

export const title = "Try it";
export const lead = "Show it a photograph that it has not seen. Then keep the model: it opens offline, this year and next.";

const KEEP = {
  model: ["Model", "photographs.pellucid", "answers with pellucid predict, on any computer"],
  report: ["Report", "photographs-report.html", "opens in any browser, without a network"],
  recipe: ["Recipe", "photographs.toml", "trains the same network again"],
};

/** Show where to give a photograph, the answer, and the files. */
export function show(body, state, act) {
  const result = make("div", { id: "answer", "aria-live": "polite" });
  const take = (file) => file && tried(file, result, act);
  const one = make("input", { type: "file", accept: "image/*", id: "trial", class: "unseen", tabindex: "-1", "aria-hidden": "true" });
  one.addEventListener("change", () => { take(one.files[0]); one.value = ""; });
  const camera = make("div", { id: "camera" });
  const zone = takesDrops(make("div", { class: "zone" },
    make("p", { class: "big", text: "Drop a photograph here" }),
    make("p", { class: "quiet", text: "or paste one" }),
    make("div", { class: "row" }, button("Choose a photograph", () => one.click(), { class: "primary" }),
      button("Use the camera", () => openCamera(camera, take, act.alert))), one), (files) => take(files[0]?.file));
  act.pasted = (transfer) => take([...transfer.files][0]);
  body.append(make("div", { class: "trial" }, make("div", {}, zone, camera), result), make("h2", { text: "Keep it" }), keep(state));
}

async function tried(file, result, act) {
  result.replaceChildren(make("p", { class: "quiet", text: "Looking at it…" }));
  const [answer] = await ask(file, file.name || "the photograph");
  result.replaceChildren();
  if (answer.kind === "error") act.alert(answer.text);
  else {
    act.alert("");
    result.append(card(answer));
  }
}

function card(answer) {
  const rows = answer.probabilities.map(([name, p]) => make("tr", { class: name === answer.said ? "said" : "" },
    make("th", { scope: "row", text: name }),
    make("td", { class: "number", text: p.toFixed(2) }),
    make("td", { class: "measure" }, make("span", { class: "fill", style: { "--share": p } }))));
  return make("div", { class: "card answer" },
    make("img", { src: answer.shown, alt: `The photograph tried: ${answer.name}` }),
    make("p", { class: answer.why ? "headline unknown" : "headline", text: answer.why ? "Unknown" : answer.said }),
    make("p", { text: answer.sentence }),
    make("table", { class: answer.why ? "bars doubted" : "bars" },
      make("caption", { text: "Probability of each class" }), make("tbody", {}, ...rows)));
}

function keep(state) {
  return make("ul", { class: "keep" }, ...Object.entries(KEEP).filter(([what]) => state.files.includes(what)).map(([what, [name, file, use]]) =>
    make("li", { class: "card" }, make("a", { href: address("file", { what }), download: file, text: name }),
      make("span", { class: "quiet", text: use }))));
}
