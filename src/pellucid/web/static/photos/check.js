// Step 2: what is in the photographs, before anything is learned: classes, copies, broken files.

import { button, count, make } from "../element.js";
import { picture } from "./pictures.js";
import { stages } from "./train.js";

export { update } from "./train.js";

export const title = "Check";
export const lead = "Before training, the page looks for duplicates, broken files and classes that are too small.";

const LEVELS = { problem: ["!", "Problem"], watch: ["?", "Have a look"], note: ["i", "Good to know"] };

/** Show what the check found, or how far it is. */
export function show(body, state, act) {
  if (state.stage === "checking") {
    body.append(stages(state.progress, ["reading"]));
    return;
  }
  const found = state.checkup;
  if (!found) return;
  body.append(make("p", { class: "big", text: headline(found) }), classes(found.counts));
  if (found.broken.length) body.append(broken(found));
  if (found.findings.length) body.append(make("h2", { text: "What was found" }), findings(found.findings));
  if (found.copies.length) body.append(make("h2", { text: "Duplicates, side by side" }), copies(found, state.given || state.zip ? null : act));
  if (found.classes.length > 2) body.append(joining(found.classes, state.merge));
}

/** Return the classes to join, as ticked: {new name: [old, ...]}. */
export function joined(body) {
  const form = body.querySelector("#joining");
  const ticked = form ? [...form.querySelectorAll("input:checked")].map((box) => box.value) : [];
  return ticked.length > 1 ? { [form.querySelector("input[type=text]").value.trim() || ticked.join(" or ")]: ticked } : {};
}

function headline(found) {
  const good = found.total - found.n_broken;
  const what = `${count(good, "photograph")} in ${count(found.classes.length, "class", "classes")}`;
  if (found.n_broken) return `${what}; ${count(found.n_broken, "file")} cannot be read and will be left out.`;
  return found.problems ? `${what}. Look at the problem below first.` : `${what}, all readable.`;
}

function classes(counts) {
  const totals = new Map();
  for (const part of Object.values(counts)) {
    for (const [name, number] of Object.entries(part)) totals.set(name, (totals.get(name) ?? 0) + number);
  }
  const most = Math.max(...totals.values());
  const rows = [...totals].map(([name, number]) => make("tr", {},
    make("th", { scope: "row", text: name }),
    make("td", { class: "number", text: number.toLocaleString("en") }),
    make("td", { class: "measure" }, make("span", { class: "fill", style: { "--share": number / most } }))));
  return make("table", { class: "bars" }, make("caption", { class: "unseen", text: "Photographs of each class" }), make("tbody", {}, ...rows));
}

function findings(list) {
  return make("ul", { class: "findings" }, ...list.map(({ level, sentence, examples }) => make("li", { class: level },
    make("span", { class: "sign", text: LEVELS[level][0], "aria-hidden": "true" }),
    make("div", {}, make("strong", { text: LEVELS[level][1] }), make("p", { text: sentence }),
      examples.length ? make("details", {}, make("summary", { text: count(examples.length, "example") }),
        make("ul", {}, ...examples.map((text) => make("li", { text })))) : null))));
}

function broken({ broken: files, n_broken: number }) {
  return make("details", { class: "card" }, make("summary", { text: `${count(number, "file")} left out` }),
    make("ul", {}, ...files.map(({ name, why }) => make("li", { text: `${name}: ${why}` }))));
}

function copies({ copies: clusters, n_copies: number }, act) {
  const list = make("ul", { class: "clusters" }, ...clusters.map(({ pictures, how, contradict, more }) =>
    make("li", { class: contradict ? "card contradict" : "card" },
      make("p", { text: `${how}${contradict ? ", in two classes: one label is wrong" : ""}${more ? `, and ${more} more` : ""}` }),
      make("div", { class: "side" }, ...pictures.map(({ address, name, class: said }) => make("figure", {}, picture(address, name),
        make("figcaption", {}, make("strong", { text: said }), name.split("/").at(-1)),
        contradict && act ? button("Leave out", () => act.send({ do: "discard", place: name }), { class: "slim", "aria-label": `Leave out ${name}` }) : null))))));
  const rest = number - clusters.length;
  return make("div", {}, list, rest > 0 ? make("p", { class: "quiet", text: `And ${rest} more groups of duplicates.` }) : null);
}

function joining(names, merge) {
  const [now] = Object.entries(merge);
  const form = make("div", { id: "joining" },
    make("p", { text: "Tick the classes that should count as one." }),
    ...names.map((name) => make("label", { class: "tick" },
      make("input", { type: "checkbox", value: name, checked: Boolean(now?.[1].includes(name)) }), name)),
    make("label", { class: "tick" }, "New name", make("input", { type: "text", maxlength: "100", value: now?.[0] ?? "" })));
  return make("details", { class: "more", open: Boolean(now) }, make("summary", { text: "More: join classes" }), form);
}
