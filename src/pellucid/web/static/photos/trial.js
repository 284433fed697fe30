// Step 5: a photograph is tried, and what was learned is taken home.

import { button, make } from "../element.js";
import { showWork } from "../work.js";
import { openCamera } from "./camera.js";
import { takesDrops } from "./dropping.js";
import { picture } from "./pictures.js";
import { address, shown, why } from "./transport.js";

export const title = "Try it";
export const lead = "Show the model a photograph that it has not seen. Then keep the model; it works offline.";

const KEEP = {
  model: ["Model", "photographs.pellucid", "works with pellucid predict on any computer"],
  report: ["Report", "photographs-report.html", "opens in any browser, offline"],
  recipe: ["Recipe", "photographs.toml", "trains the same network again"],
};

const TINY = 100; // pixels; what is shown larger than it is keeps its pixels

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
  body.append(make("div", { class: "trial" }, make("div", {}, zone, camera, state.kept.length ? sample(state.kept, take) : null), result), make("h2", { text: "Keep it" }), keep(state));
}

/** Bring the files up to date: the report comes last, and the answer stays. */
export function renew(body, state) {
  body.querySelector(".keep").replaceWith(keep(state));
}

/** Tell how far a look at the photograph is. */
export function update(body, { looking }) {
  const track = body.querySelector("#why .track");
  if (!track || !looking) return;
  const [done, total] = looking;
  track.setAttribute("aria-valuenow", Math.round(100 * done / total));
  track.firstChild.style.setProperty("--share", done / total);
}

async function tried(file, result, act) {
  result.replaceChildren(make("p", { class: "quiet", text: "Looking at it…" }));
  const [answer] = await shown(file, file.name || "the photograph");
  result.replaceChildren();
  if (answer.kind === "error") act.alert(answer.text);
  else {
    act.alert("");
    result.append(card(answer, act));
  }
}

/** Photographs of the sample that were kept back, to be tried by a click. */
function sample(kept, take) {
  const file = (src, name) => new File([Uint8Array.from(atob(src.split(",")[1]), (letter) => letter.charCodeAt(0))], name);
  const one = (place) => {
    const name = place.replace("sample/", "");
    const image = picture(place, name);
    return button("", () => image.src && take(file(image.src, name)), { "aria-label": `Try ${name}` }, image);
  };
  return make("div", {}, make("p", { class: "quiet", text: "or one from the sample that it has not seen" }), make("div", { class: "unseen-yet" }, ...kept.map(one)));
}

async function explained(answer, seen, place, act) {
  place.replaceChildren(
    make("p", { text: "Covering one part after another and predicting again each time…" }),
    make("span", { class: "track", role: "progressbar", "aria-label": "Finding where the model looked", "aria-valuemin": "0", "aria-valuemax": "100" },
      make("span", { class: "fill" })));
  const [told] = await why(answer.key);
  if (!place.isConnected) return; // another photograph is tried already
  place.replaceChildren();
  if (told.kind === "error") act.alert(told.text);
  else {
    if (told.veil) {
      seen.append(make("div", {}, make("img", { src: answer.shown, alt: "The same photograph, darker where it matters less", class: seen.dataset.size }),
        make("img", { src: told.veil, alt: "", class: "veil" })));
    }
    place.append(make("p", { text: told.sentence }));
  }
}

function card(answer, act) {
  const rows = answer.probabilities.map(([name, p]) => make("tr", { class: name === answer.said ? "said" : "" },
    make("th", { scope: "row", text: name }),
    make("td", { class: "number", text: p.toFixed(2) }),
    make("td", { class: "measure" }, make("span", { class: "fill", style: { "--share": p } }))));
  const image = make("img", { src: answer.shown, alt: `The photograph tried: ${answer.name}` });
  const seen = make("div", { class: "seen" }, make("div", {}, image));
  image.addEventListener("load", () => {
    image.className = seen.dataset.size = image.naturalWidth < TINY ? "tiny" : "";
  });
  const reason = make("div", { id: "why", tabindex: "-1", "aria-live": "polite" });
  const ask = button("Why?", () => {
    ask.disabled = true;
    explained(answer, seen, reason, act).then(() => {
      ask.remove();
      if (document.activeElement === document.body) reason.focus({ preventScroll: true }); // the keyboard goes on from there
    });
  }, { class: "primary" });
  const numbers = () => showWork(`From the numbers of ${answer.name} to the answer`, address("trace", { key: answer.key }));
  return make("div", { class: "card answer" }, seen,
    make("p", { class: answer.why ? "headline unknown" : "headline", text: answer.why ? "Unknown" : answer.said }),
    make("p", { text: answer.sentence }),
    make("table", { class: answer.doubted ? "bars doubted" : "bars" },
      make("caption", { text: "Probability of each class" }), make("tbody", {}, ...rows)),
    reason, make("div", { class: "row" }, ask, button("Show the numbers", numbers)));
}

function keep(state) {
  return make("ul", { class: "keep" }, ...Object.entries(KEEP).filter(([what]) => state.files.includes(what)).map(([what, [name, file, use]]) =>
    make("li", { class: "card" }, make("a", { href: address("file", { what }), download: file, text: name }),
      make("span", { class: "quiet", text: use }))),
    state.progress ? make("li", { class: "card" }, "Report", make("span", { class: "quiet", text: "is being written" })) : null);
}
