// What this page says to the server: messages, files, events. The session outlives a reload, and the closing of its tab: it is
// one for all tabs of a browser, until the server ends.

import { addresses, ask, drawn, post } from "../line.js";

const KEY = "pellucid-photographs";
const session = localStorage.getItem(KEY) ?? drawn(16);
localStorage.setItem(KEY, session);

/** Return the address of something of this session. */
export const address = addresses(session);

/** Send one message and return the answers. */
export const send = (message) => post(address("message"), JSON.stringify(message));

/** Send one file of photographs. */
export const upload = (file, query) => post(address("upload", query), file);

/** Ask what a photograph shows. */
export const shown = (file, name) => post(address("answer", { name }), file);

/** Ask where it looked in the photograph that has this key. */
export const why = (key) => ask(address("why", { key }));

/** Call `told` with each status the server sends. */
export function listen(told) {
  const events = new EventSource(address("events"));
  events.addEventListener("message", (event) => told(JSON.parse(event.data)));
}
