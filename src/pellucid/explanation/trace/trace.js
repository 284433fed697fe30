// Pointing at a number, or focusing it, highlights where it came from and what it feeds. Switches choose what is shown.
(() => {
  const root = document.getElementById("TRACE");
  const status = root.querySelector(".status");
  const views = [...root.querySelectorAll(".view")];
  const shown = () => views.find((view) => !view.hidden);
  const sources = (number) => (number.dataset.from || "").split(" ").filter(Boolean);
  let held = null;

  // The name in a sentence: W1[2, 1] for one:W1-2-1, and for one:Wnew1-2-1 the same after the step
  function named(key) {
    const [name, ...places] = key.slice(key.indexOf(":") + 1).split("-");
    const written = name.replace("yhat", "\u0177").replace(/^([Wb])new/, "$1");
    const index = places.length ? `[${places.join(", ")}]` : "";
    return `${written}${index}${/^[Wb]new/.test(name) ? " after the step" : ""}`;
  }

  function clear() {
    for (const lit of root.querySelectorAll(".lit, .source, .fed")) lit.classList.remove("lit", "source", "fed");
    status.textContent = status.dataset.hint;
  }

  function list(keys, look) {
    const part = document.createDocumentFragment();
    [...keys].slice(0, 12).forEach((key, place) => {
      const mark = document.createElement("span");
      mark.className = `key ${look}`;
      mark.textContent = named(key);
      part.append(place ? " " : "", mark);
    });
    if (keys.size > 12) part.append(` and ${keys.size - 12} more`);
    return part;
  }

  function highlight(number) {
    clear();
    const key = number.dataset.key, numbers = [...shown().querySelectorAll("[data-key]")];
    const from = new Set(), fed = new Set();
    for (const other of numbers) {
      if (other.dataset.key === key) {
        other.classList.add("lit");
        sources(other).forEach((source) => from.add(source));
      }
      if (other.dataset.key !== key && sources(other).includes(key)) fed.add(other.dataset.key);
    }
    for (const other of numbers) {
      if (from.has(other.dataset.key)) other.classList.add("source");
      else if (fed.has(other.dataset.key)) other.classList.add("fed");
    }
    const self = document.createElement("span");
    self.className = "key lit";
    self.textContent = `${named(key)} = ${number.textContent}`;
    status.replaceChildren(self);
    if (from.size) status.append(" comes from ", list(from, "source"));
    else status.append(" is given");
    if (fed.size) status.append(from.size ? "; it feeds " : ", and feeds ", list(fed, "fed"));
    status.append(".");
  }

  // The Tab key stops once in each formula; from there the arrow keys move from number to number.
  for (const line of root.querySelectorAll(".line")) {
    const numbers = [...line.querySelectorAll("[data-key]")];
    numbers.forEach((number, place) => number.setAttribute("tabindex", place ? "-1" : "0"));
    line.addEventListener("keydown", (event) => {
      const here = numbers.indexOf(event.target);
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (here < 0 || !step) return;
      event.preventDefault();
      const next = numbers[here + step];
      if (!next) return;
      event.target.setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus();
    });
  }

  const number = (event) => event.target.closest?.("[data-key]");
  root.addEventListener("pointerover", (event) => { if (number(event) && !held) highlight(number(event)); });
  root.addEventListener("pointerout", (event) => { if (number(event) && !held) clear(); });
  root.addEventListener("focusin", (event) => { held = number(event) || null; if (held) highlight(held); });
  root.addEventListener("focusout", () => { held = null; clear(); });
  root.addEventListener("click", (event) => { if (number(event)) number(event).focus(); });
  root.addEventListener("keydown", (event) => { if (event.key === "Escape") document.activeElement.blur(); });

  for (const box of root.querySelectorAll('input[type="checkbox"]')) {
    const set = () => root.toggleAttribute(`data-${box.value}`, box.checked);
    box.addEventListener("change", set);
    set(); // a browser that goes back keeps the boxes as they were
  }
  for (const choice of root.querySelectorAll('input[type="radio"]')) {
    const set = () => { if (choice.checked) for (const view of views) view.hidden = view.dataset.view !== choice.value; };
    choice.addEventListener("change", set);
    set();
  }

  function go(box) {
    const section = shown().querySelector(`[data-section="${box.dataset.goto}"]`);
    section.scrollIntoView({ block: "start" });
    section.querySelector("h2").focus({ preventScroll: true });
  }
  for (const box of root.querySelectorAll("[data-goto]")) {
    box.addEventListener("click", () => go(box));
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      go(box);
    });
  }
})();
