// What the session said last: the problem, the settings, the frame. Others read it here and never keep a copy.

import { on, send } from "./wire.js";

export const present = { problem: null, settings: null, frame: null };

for (const kind of Object.keys(present)) on(kind, (message) => (present[kind] = message));

let changes = Promise.resolve();

// A change made from the present values waits for the answers to those before it: of two quick clicks, both count.
export function change(edit) {
  changes = changes.then(() => send({ do: "set", settings: edit(present.settings.values) }));
  return changes;
}
