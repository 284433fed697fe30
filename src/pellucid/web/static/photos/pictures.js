// Small pictures by their addresses: asked for in one message, kept, and put in where they are shown.

import { make } from "../element.js";
import { send } from "./transport.js";

const known = new Map();
const waiting = new Map(); // address -> the images that wait for it

/** Forget all: the addresses may stand for others now. */
export function forget() {
  known.clear();
}

/** Return one picture, with its name to be read out. */
export function picture(address, name) {
  const image = make("img", { alt: name, class: "small", loading: "lazy" });
  if (known.has(address)) image.src = known.get(address);
  else {
    if (waiting.size === 0) queueMicrotask(fetchWaiting);
    waiting.set(address, [...(waiting.get(address) ?? []), image]);
  }
  return image;
}

/** Return a strip of pictures of one class. */
export function pictures(addresses, name) {
  const strip = make("div", { class: "strip" });
  addresses.forEach((address, place) => strip.append(picture(address, `${name}, photograph ${place + 1}`)));
  return strip;
}

async function fetchWaiting() {
  const asked = [...waiting];
  waiting.clear();
  for (const message of await send({ do: "pictures", of: asked.map(([address]) => address) })) {
    if (message.kind !== "pictures") continue;
    for (const [address, images] of asked) {
      const shown = message.pictures[address];
      if (shown) known.set(address, shown);
      for (const image of images) {
        if (shown) image.src = shown;
        else image.replaceWith(make("span", { class: "small none", role: "img", "aria-label": `${image.alt}: cannot be shown`, text: "?" }));
      }
    }
  }
}
