// Talks to the server this page came from: messages, files, and events. The session outlives a reload.

const KEY = "pellucid-photographs";

function ownName() {
  const made = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const name = sessionStorage.getItem(KEY) ?? made;
  sessionStorage.setItem(KEY, name);
  return name;
}

export const session = ownName();

/** Return the address of something of this session. */
export function address(what, parameters = {}) {
  return `${what}?${new URLSearchParams({ session, ...parameters })}`;
}

async function answers(response) {
  if (!response.ok) return [{ kind: "error", text: `The server refused this (${response.status}): ${await response.text()}` }];
  return response.json();
}

async function post(where, body) {
  try {
    return await answers(await fetch(where, { method: "POST", body }));
  } catch {
    return [{ kind: "error", text: "pellucid does not answer. Does it still run? Start it again, then reload this page." }];
  }
}

/** Send one message and return the answers. */
export const send = (message) => post(address("message"), JSON.stringify(message));

/** Send one file of photographs. */
export const upload = (file, parameters) => post(address("upload", parameters), file);

/** Ask what a photograph shows. */
export const ask = (file, name) => post(address("answer", { name }), file);

/** Call `told` with each status the server sends. */
export function listen(told) {
  const events = new EventSource(address("events"));
  events.addEventListener("message", (event) => told(JSON.parse(event.data)));
}
