// A number that is pointed at or focused lights where it came from and what it feeds; toggles choose what is shown.
(() => {
  const root = document.getElementById("TRACE");
  const told = root.querySelector(".told");
  const views = [...root.querySelectorAll(".view")];
  const shown = () => views.find((view) => !view.hidden);
  const sources = (number) => (number.dataset.from || "").split(" ").filter(Boolean);
  let held = null;

  // As it is written: W1[2, 1] for one:W1-2-1, and what an update left of it for one:Wnew1-2-1
  function named(key) {
    const [name, ...places] = key.slice(key.indexOf(":") + 1).split("-");
    const written = name.replace("yhat", "\u0177").replace(/^([Wb])new/, "$1");
    const index = places.length ? `[${places.join(", ")}]` : "";
    return `${written}${index}${/^[Wb]new/.test(name) ? " after the step" : ""}`;
  }

  function clear() {
    for (const lit of root.querySelectorAll(".lit, .source, .fed")) lit.classList.remove("lit", "source", "fed");
    told.textContent = told.dataset.hint;
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

  function light(number) {
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
    told.replaceChildren(self);
    if (from.size) told.append(" comes from ", list(from, "source"));
    else told.append(" is given");
    if (fed.size) told.append(from.size ? "; it feeds " : ", and feeds ", list(fed, "fed"));
    told.append(".");
  }

  // One stop for the Tab key in each formula; from there the arrow keys go from number to number.
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
  root.addEventListener("pointerover", (event) => { if (number(event) && !held) light(number(event)); });
  root.addEventListener("pointerout", (event) => { if (number(event) && !held) clear(); });
  root.addEventListener("focusin", (event) => { held = number(event) || null; if (held) light(held); });
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
