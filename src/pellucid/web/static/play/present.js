// What the session said last: the problem, the settings, the frame. Others read it here and never keep a copy.

import { on } from "./wire.js";

export const present = { problem: null, settings: null, frame: null };

for (const kind of Object.keys(present)) on(kind, (message) => (present[kind] = message));
