// What was dropped or chosen, as files with their paths; folders are walked through.

/** Return [{path, file}] of a drop; must be called while the event is handled. */
export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return chosen(transfer.files);
  const found = [];
  for (const entry of entries) await walk(entry, "", found);
  return unwrapped(found);
}

/** Return [{path, file}] of an input's files. */
export function chosen(files) {
  return unwrapped([...files].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
}

async function walk(entry, above, found) {
  if (entry.name.startsWith(".") || entry.name === "__MACOSX") return;
  const path = above + entry.name;
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    if (file) found.push({ path, file });
    return;
  }
  const reader = entry.createReader();
  for (;;) { // a reader gives at most a hundred at a time
    const children = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (children.length === 0) return;
    for (const child of children) await walk(child, `${path}/`, found);
  }
}

const PARTS = ["train", "training", "validation", "val", "valid", "dev", "test", "testing"];

/** Take off the one folder that everything lies in, as long as folders are left in it. */
function unwrapped(found) {
  const seen = found.filter(({ path }) => !path.split("/").some((part) => part.startsWith(".") || part === "__MACOSX"));
  for (;;) {
    const tops = new Set(seen.map(({ path }) => path.split("/")[0]));
    const wrapped = tops.size === 1 && !PARTS.includes([...tops][0].toLowerCase());
    if (!wrapped || seen.some(({ path }) => path.split("/").length < 3)) return seen;
    for (const item of seen) item.path = item.path.slice(item.path.indexOf("/") + 1);
  }
}

/** Make an element take drops: `take(files)` is called with what was dropped. */
export function takesDrops(element, take) {
  element.addEventListener("dragover", (event) => { event.preventDefault(); element.classList.add("over"); });
  element.addEventListener("dragleave", () => element.classList.remove("over"));
  element.addEventListener("drop", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    element.classList.remove("over");
    take(await dropped(event.dataTransfer));
  });
  return element;
}
