// Light or dark: the reader's own setting, until the button in the header says otherwise; then on every page.

const KEY = "pellucid-theme";
const root = document.documentElement;
const own = matchMedia("(prefers-color-scheme: dark)");
const kept = localStorage.getItem(KEY);
if (kept === "light" || kept === "dark") root.dataset.theme = kept;

export function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : own.matches;
}

/** Bring the header's button to life; `changed` is called when colours are others. */
export function theme(changed = () => {}) {
  document.getElementById("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem(KEY, root.dataset.theme);
    changed();
  });
  own.addEventListener("change", changed);
}
