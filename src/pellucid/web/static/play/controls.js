// The few kinds of control that settings have: a slider, a list, a row of choices.

let count = 0;

function labelled(name, control) {
  const label = document.createElement("label");
  label.className = "field";
  const text = document.createElement("span");
  text.textContent = name;
  label.append(text, control);
  return label;
}

// values: what the slider may take, in order.  said: a value as text.  chosen: what happens to a new value.
export function slider(name, values, said, chosen) {
  const input = document.createElement("input");
  Object.assign(input, { type: "range", min: 0, max: values.length - 1, step: 1, id: `control-${count++}` });
  const output = document.createElement("b"); // an output element would take the label from the slider
  const label = labelled(name, input);
  label.firstChild.append(" ", output);
  const say = (value) => {
    output.textContent = said(value);
    input.setAttribute("aria-valuetext", said(value));
  };
  input.addEventListener("input", () => {
    say(values[input.value]);
    chosen(values[input.value]);
  });
  const show = (value) => {
    if (document.activeElement !== input || !input.matches(":active")) {
      input.value = values.reduce((best, each, at) => (Math.abs(each - value) < Math.abs(values[best] - value) ? at : best), 0);
      say(value);
    }
  };
  return { element: label, show, input };
}

export function list(name, options, said, chosen) {
  const select = document.createElement("select");
  const fill = (values) => select.replaceChildren(...values.map((value) => new Option(said(value), String(value))));
  fill(options);
  select.addEventListener("change", () => chosen(options.find((option) => String(option) === select.value)));
  const show = (value) => {
    if (!options.some((option) => String(option) === String(value))) {
      options = [...options, value];
      fill(options);
    }
    select.value = String(value);
  };
  return { element: labelled(name, select), show, select };
}

// Radio buttons that look like a row of choices; `more`: those that are not in view at once.
export function choices(holder, options, said, chosen, { more = [], decorate = () => null } = {}) {
  const group = `choice-${count++}`;
  const inputs = options.map((option) => {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "radio", name: group, value: String(option) });
    input.addEventListener("change", () => chosen(option));
    const text = document.createElement("span");
    const picture = decorate(option);
    text.append(...(picture ? [picture, said(option)] : [said(option)]));
    label.append(input, text);
    return [label, input];
  });
  holder.replaceChildren(...inputs.map(([label]) => label));
  let select = null;
  if (more.length) {
    select = document.createElement("select");
    select.setAttribute("aria-label", `More: ${holder.getAttribute("aria-label")}`);
    select.append(new Option("more", ""), ...more.map((option) => new Option(said(option), String(option))));
    select.addEventListener("change", () => select.value && chosen(select.value));
    holder.append(select);
  }
  return {
    show(value) {
      for (const [, input] of inputs) input.checked = input.value === String(value);
      if (select) {
        select.value = more.map(String).includes(String(value)) ? String(value) : "";
        select.classList.toggle("chosen", select.value !== "");
      }
    },
  };
}
