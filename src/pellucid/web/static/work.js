// The work for one example: its trace, a page of its own in a frame, in front of everything else.

const at = (id) => document.getElementById(id);

export function showWork(title, address) {
  at("trace-title").textContent = title;
  at("trace-frame").src = address;
  at("trace").showModal();
}

at("trace-close").addEventListener("click", () => at("trace").close());
