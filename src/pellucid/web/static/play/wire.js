// The line to the session: messages out by POST, answers and events in, each given to those who listen for its kind.

const SESSION = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const listeners = new Map();
const flying = new Map(); // the newest message of each key that waits for its predecessor's answer
let lost = false;
let running = false; // as last asked for: frames that were on their way when pause was pressed are old

export function on(kind, listener) {
  listeners.set(kind, [...(listeners.get(kind) ?? []), listener]);
}

export function deliver(message) {
  for (const listener of listeners.get(message.kind) ?? []) listener(message);
}

export function address(path, query = {}) {
  return `${path}?${new URLSearchParams({ session: SESSION, ...query })}`;
}

export async function send(message) {
  const before = running;
  if (message.do === "run") running = true;
  else if (!["weight", "whatif", "starts", "save", "trace", "surface"].includes(message.do)) running = false;
  let replies;
  try {
    const answer = await fetch(address("message"), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(message),
    });
    replies = await answer.json();
    lost = false;
  } catch {
    lost = true;
    replies = [{ kind: "error", text: "The playground's program does not answer. Is it still running? Start it again, then reload this page." }];
  }
  if (replies.some((reply) => reply.again) && message.do !== "open") {
    await send({ do: "open", address: location.hash.slice(1) });
    return replies;
  }
  for (const reply of replies) {
    if (reply.kind === "frame") running = reply.running;
    deliver(reply);
  }
  if (replies.some((reply) => reply.kind === "error")) running = before; // what was refused stopped nothing
  else deliver({ kind: "fine" });
  return replies;
}

// A slider asks faster than it is answered: of those that wait, only the newest goes out.
export async function sendLatest(key, message) {
  if (flying.has(key)) {
    flying.set(key, message);
    return;
  }
  flying.set(key, null);
  for (let next = message; next; ) {
    await send(next);
    next = flying.get(key);
    flying.set(key, null);
  }
  flying.delete(key);
}

export function listen() {
  const events = new EventSource(address("events"));
  events.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.kind === "frame" && message.running && !running) return;
    if (message.kind === "frame") running = message.running;
    deliver(message);
  };
  events.onopen = () => {
    if (lost) send({ do: "open", address: location.hash.slice(1) });
  };
  events.onerror = () => (lost = true);
}
