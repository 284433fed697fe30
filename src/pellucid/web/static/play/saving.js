// What leaves the page: files, and the link that holds this moment.

import { on, send } from "./wire.js";

const part = (id) => document.getElementById(id);

function contentOf({ content, base64 }) {
  return base64 === undefined || base64 === null ? content : Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

function download(file) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([contentOf(file)], { type: file.mime }));
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

let newest = null; // the address of the moment that is shown, until it is written

function keep() {
  if (newest !== null) history.replaceState(null, "", `#${newest}`);
  newest = null;
}

async function copy() {
  const button = part("copy");
  keep();
  try {
    await navigator.clipboard.writeText(location.href);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Copy from the address bar";
  }
  setTimeout(() => (button.textContent = "Copy link"), 2000);
}

export function saving() {
  on("file", download);
  for (const button of document.querySelectorAll("[data-save]")) {
    button.addEventListener("click", () => {
      part("save").open = false;
      send({ do: "save", what: button.dataset.save });
    });
  }
  document.addEventListener("click", (event) => event.target.closest("#save") ?? (part("save").open = false));
  document.addEventListener("keydown", (event) => event.key === "Escape" && (part("save").open = false));
  part("copy").addEventListener("click", copy);
  on("frame", ({ address }) => {
    if (newest === null) setTimeout(keep, 300); // browsers refuse a hundred changes of address in a row
    newest = address;
  });
}
