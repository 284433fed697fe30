// The line to the session: messages out by POST, answers and events in, each given to those who listen for its kind.

import { addresses, drawn, post } from "../line.js";

export const address = addresses(drawn(12));

const listeners = new Map();
const flying = new Map(); // by key: the newest message that waits for its predecessor's answer, and the end of all
let lost = false;
let newest = 0; // number of the last frame: answers and events come by two ways, and may overtake each other

let open = 0; // messages without an answer yet
let early = null; // a frame by events may be of a network that the answer is yet to tell of: it waits

export function on(kind, listener) {
  listeners.set(kind, [...(listeners.get(kind) ?? []), listener]);
}

export function deliver(message) {
  for (const listener of listeners.get(message.kind) ?? []) listener(message);
}

export function receive(message) {
  if (message.kind === "frame") {
    if (message.number < newest) return;
    newest = message.number;
  }
  deliver(message);
}

export async function send(message) {
  const changes = message.do !== "whatif" || message.keep; // the others may take long, and change nothing
  open += changes ? 1 : 0;
  try {
    return await exchange(message);
  } finally {
    open -= changes ? 1 : 0;
    if (!open && early) {
      const frame = early;
      early = null;
      receive(frame);
    }
  }
}

async function exchange(message) {
  if (message.do === "open") newest = 0; // a session made anew counts from the beginning
  const replies = await post(address("message"), JSON.stringify(message));
  lost = replies.some((reply) => reply.lost);
  if (replies.some((reply) => reply.again) && message.do !== "open") {
    await send({ do: "open", address: location.hash.slice(1) });
    return replies;
  }
  replies.forEach(receive);
  if (!replies.some((reply) => reply.kind === "error")) deliver({ kind: "fine" });
  return replies;
}

// A slider asks faster than it is answered: of those that wait, only the newest goes out.
export function sendLatest(key, message) {
  const line = flying.get(key);
  if (line) {
    line.waiting = message;
    return line.done;
  }
  const mine = { waiting: null };
  flying.set(key, mine);
  mine.done = (async () => {
    for (let next = message; next; next = mine.waiting) {
      mine.waiting = null;
      await send(next);
    }
    flying.delete(key);
  })();
  return mine.done;
}

// When all that was asked under a key has its answer.
export const answered = (key) => flying.get(key)?.done;

export function listen() {
  const events = new EventSource(address("events"));
  events.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (open && message.kind === "frame") early = message;
    else receive(message);
  };
  events.onopen = () => {
    if (lost) send({ do: "pause" }); // whose answer says where the session stands; one that is gone is opened anew
  };
  events.onerror = () => (lost = true);
}
