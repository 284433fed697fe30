// The camera: a picture of what it sees, taken when asked. Where there is none, that is said.

import { button, make } from "../element.js";

const WHY = {
  NotFoundError: "No camera was found on this device. Choose a photograph instead.",
  NotAllowedError: "The browser may not use the camera. Allow it next to the address bar, or choose a photograph.",
  NotReadableError: "The camera is in use by another program. Close that one, or choose a photograph.",
};

/** Open the camera in `place`; `take(file)` is called with each picture taken, `alert(text)` where there is no camera. */
export async function openCamera(place, take, alert) {
  if (place.firstChild) return;
  if (!navigator.mediaDevices?.getUserMedia) {
    alert("Browsers allow the camera only on this computer (localhost) or over https. Choose a photograph instead; a phone offers its camera there.");
    return;
  }
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  } catch (error) {
    alert(WHY[error.name] ?? `The camera cannot be used (${error.name}). Choose a photograph instead.`);
    return;
  }
  const video = make("video", { autoplay: true, playsinline: true, "aria-label": "What the camera sees" });
  video.muted = true;
  video.srcObject = stream;
  const close = () => {
    for (const track of stream.getTracks()) track.stop();
    place.replaceChildren();
  };
  const shoot = () => {
    const canvas = make("canvas", { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob((blob) => blob && take(new File([blob], "camera.png", { type: "image/png" })), "image/png");
  };
  place.append(video, make("div", { class: "row" },
    button("Take the picture", shoot, { class: "primary" }), button("Close the camera", close)));
  new MutationObserver((_, watcher) => { // another step was opened: no camera stays on unseen
    if (!place.isConnected) { close(); watcher.disconnect(); }
  }).observe(document.body, { childList: true, subtree: true });
}
