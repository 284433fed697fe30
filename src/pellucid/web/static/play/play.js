// The playground's page: each part listens for what it shows, then the session is opened with the address.

import { theme } from "../theme.js";
import { curves, drawCurves } from "./curves.js";
import { doctor } from "./doctor.js";
import { drawing } from "./drawing.js";
import { layers } from "./layers.js";
import { network, repaintNetwork } from "./network.js";
import { plane, repaint } from "./plane.js";
import { present } from "./present.js";
import { saving } from "./saving.js";
import { settings } from "./settings.js";
import { trace } from "./trace.js";
import { transport } from "./transport.js";
import { weight } from "./weight.js";
import { whatif } from "./whatif.js";
import { listen, send } from "./wire.js";

function recolour() {
  if (!present.frame) return;
  repaint();
  repaintNetwork();
  drawCurves();
}

for (const part of [settings, layers, transport, plane, drawing, curves, network, weight, whatif, doctor, trace, saving]) part();

theme(recolour);

await send({ do: "open", address: location.hash.slice(1) });
listen();
document.documentElement.dataset.ready = "yes";
