// Step 1: photographs, by folder, by zip, or class by class.

import { button, count, make } from "../element.js";
import { chosen, takesDrops } from "./dropping.js";
import { pictures } from "./pictures.js";

export const title = "Photographs";
export const lead = "Give pellucid photographs of each thing it should tell apart: at least ten of each, more is better. " +
  "They go to your own pellucid and nowhere else, and are deleted when it ends.";

const LEAST = 2;
let empty = ["Class A", "Class B"]; // boxes that hold nothing yet
const order = []; // names, as they came: a box does not move when it is filled

/** Show the drop zone and a box for each class. */
export function show(body, state, act) {
  if (state.given || state.zip || state.divided) {
    body.append(make("p", { class: "card", text: whatIsHere(state) }));
    return;
  }
  body.append(zone(act), state.classes.length ? "" : sample(act), make("h2", { text: state.classes.length ? "Classes" : "Or class by class" }), boxes(state, act));
}

/** Return whether there is enough to check. */
export function ready(state) {
  return Boolean(state.given || state.zip || state.divided || state.classes.length >= LEAST);
}

/** Return what is still missing, in a sentence. */
export function missing(state) {
  return state.classes.length === 1 ? `Now add photographs of something other than ${state.classes[0].name}.` : "";
}

/** Forget the boxes that hold nothing: a folder brings classes of its own. */
export function forgetEmpty() {
  empty = [];
}

function whatIsHere(state) {
  if (state.given) return `The photographs of ${state.given}. They are only read, never changed.`;
  if (state.zip) return "A .zip of photographs is ready.";
  const total = state.classes.reduce((sum, { count: n }) => sum + n, 0);
  return `${count(total, "photograph")} in ${count(state.classes.length, "class", "classes")}, already split by their folders.`;
}

function input(options, take) {
  const field = make("input", { type: "file", class: "unseen", tabindex: "-1", "aria-hidden": "true", ...options });
  field.addEventListener("change", () => { take(chosen(field.files)); field.value = ""; });
  return field;
}

function zone(act) {
  const take = (files) => act.take(files);
  const folder = input({ webkitdirectory: true, multiple: true, id: "folder" }, take);
  const zip = input({ accept: ".zip,application/zip", id: "zip" }, take);
  const walks = "webkitdirectory" in folder;
  return takesDrops(make("div", { class: "zone" },
    make("p", { class: "big", text: "Drop a folder here" }),
    make("p", { class: "quiet", text: "with one subfolder of photographs for each class, or a .zip of it" }),
    make("div", { class: "row" },
      walks ? button("Choose a folder", () => folder.click(), { class: "primary" }) : null,
      button("Choose a .zip", () => zip.click())), folder, zip), take);
}

function sample(act) {
  return make("div", { class: "row" }, make("span", { class: "quiet", text: "No photographs?" }),
    button("Use the sample", () => { forgetEmpty(); act.send({ do: "sample" }); }, { class: "slim" }),
    make("span", { class: "quiet", text: "188 small real photographs: faces, and crops without a face." }));
}

function boxes(state, act) {
  const taken = new Set(state.classes.map(({ name }) => name));
  empty = empty.filter((name) => !taken.has(name));
  while (state.classes.length + empty.length < LEAST) empty.push(freeName(taken));
  const all = [...state.classes, ...empty.map((name) => ({ name, count: 0, some: [] }))];
  order.push(...all.map(({ name }) => name).filter((name) => !order.includes(name)));
  all.sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
  const grid = make("div", { class: "boxes" }, ...all.map((one) => box(one, act)));
  grid.append(button("+ Add a class", () => { empty.push(freeName(taken)); act.again(); }, { class: "box add" }));
  return grid;
}

function freeName(taken) {
  for (let code = 65; ; code += 1) {
    const name = `Class ${code < 91 ? String.fromCharCode(code) : code - 64}`;
    if (!taken.has(name) && !empty.includes(name)) return name;
  }
}

function box({ name, count: number, some }, act) {
  const field = make("input", { type: "text", value: name, maxlength: "100", "aria-label": `Name of the class ${name}` });
  field.addEventListener("change", () => {
    const wanted = field.value.trim();
    if (!wanted) field.value = name;
    else if (number) act.send({ do: "rename", class: name, to: wanted });
    else if (empty.includes(name)) { // else it was filled meanwhile
      empty[empty.indexOf(name)] = wanted;
      order[order.indexOf(name)] = wanted;
      name = wanted;
    }
  });
  const take = (files) => {
    empty = empty.filter((other) => number || other !== name); // the server may make another name of it
    act.take(files, field.value.trim() || name);
  };
  const files = input({ multiple: true, accept: "image/*" }, take);
  const remove = () => {
    if (number) act.send({ do: "remove", class: name });
    else {
      empty = empty.filter((other) => other !== name);
      act.again();
    }
  };
  return takesDrops(make("section", { class: "box", "aria-label": name },
    make("div", { class: "row" }, field,
      button("×", remove, { class: "plain", "aria-label": `Remove the class ${name}`, title: "Remove" })),
    number ? pictures(some, name) : make("p", { class: "quiet hint", text: "Drop pictures here" }),
    make("div", { class: "row" },
      make("span", { class: "quiet", text: number ? count(number, "photograph") : "" }),
      button("Add pictures", () => files.click(), { class: "slim", "aria-label": `Add pictures to ${name}` })), files), take);
}
