"use strict";
// Shows the pictures, opens the cells of the matrix, collects corrections. Works from a file, without a server.
(() => {
  const pictures = JSON.parse(document.getElementById("pictures").textContent);
  const FIRST = 12, STEP = 48;
  const choices = new Map(); // file -> class
  const template = document.getElementById("classes");

  function show(element) {
    for (const image of element.querySelectorAll("img[data-picture]:not([src])")) {
      image.src = pictures[Number(image.dataset.picture)];
    }
    for (const place of element.querySelectorAll(".choice:empty")) offer(place);
  }

  function offer(place) {
    if (!template) return;
    const select = template.content.firstElementChild.cloneNode(true);
    const { file, label } = place.dataset;
    select.setAttribute("aria-label", `right class of ${file}`);
    for (const option of select.options) option.hidden = option.disabled = option.value === label;
    select.value = choices.get(file) ?? "";
    select.addEventListener("change", () => {
      if (select.value) choices.set(file, select.value); else choices.delete(file);
      for (const other of document.querySelectorAll(".choice")) {
        if (other.dataset.file === file && other.firstElementChild) other.firstElementChild.value = select.value;
      }
      list();
    });
    place.append(select);
  }

  const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const csv = () => ["file,class", ...[...choices].map((pair) => pair.map(cell).join(","))].join("\n") + "\n";

  function list() {
    document.getElementById("list").value = csv();
    const n = choices.size;
    document.getElementById("count").textContent = n || "none yet";
    document.getElementById("copied").textContent = "";
  }

  function gallery(section) {
    const answers = [...section.querySelectorAll(".answer")];
    const heading = section.querySelector(".opened"), hint = section.querySelector("[data-hint]");
    const more = section.querySelector("[data-more]"), all = section.querySelector("[data-all]");
    const usual = hint.textContent;
    const isMistake = (answer) => { const [i, j] = answer.dataset.cell.split("-"); return i !== j; };
    let chosen = answers.filter(isMistake), inView = FIRST, opened = null;

    function draw() {
      const seen = new Set(chosen.slice(0, inView));
      for (const answer of answers) {
        answer.hidden = !seen.has(answer);
        if (!answer.hidden) show(answer);
      }
      more.hidden = chosen.length <= inView;
      more.textContent = `show ${Math.min(STEP, chosen.length - inView)} more`;
      all.hidden = opened === null;
    }

    function open(button) {
      for (const other of section.querySelectorAll("[data-open]")) other.setAttribute("aria-pressed", String(other === button));
      opened = button;
      inView = button ? STEP : FIRST;
      if (button) {
        chosen = answers.filter((answer) => answer.dataset.cell === button.dataset.open);
        heading.textContent = button.getAttribute("aria-label");
        const of = Number(button.textContent);
        hint.textContent = chosen.length < of ? `This report has ${chosen.length} of these ${of}.` : "";
      } else {
        chosen = answers.filter(isMistake);
        heading.textContent = heading.dataset.usual;
        hint.textContent = usual;
      }
      draw();
    }

    section.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      if (button === more) {
        inView += STEP;
        draw();
      } else if (button === all) {
        const before = opened;
        open(null);
        before?.focus();
      } else if (button.dataset.open) {
        open(button === opened ? null : button);
        heading.focus();
      }
    });
    draw();
  }

  for (const section of document.querySelectorAll("[data-part]")) gallery(section);
  for (const block of document.querySelectorAll("[data-shown]")) show(block);

  if (template) {
    const report = (text) => { document.getElementById("copied").textContent = text; };
    document.getElementById("copy").addEventListener("click", async () => {
      const area = document.getElementById("list");
      try {
        await navigator.clipboard.writeText(area.value);
        report("copied");
      } catch { // some browsers keep the clipboard from pages that are files
        area.select();
        report(document.execCommand("copy") ? "copied" : "press Ctrl+C now");
      }
    });
    document.getElementById("download").addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
      link.download = "corrections.csv";
      link.click();
      URL.revokeObjectURL(link.href);
      report("saved");
    });
  }
})();
