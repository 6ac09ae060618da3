// A document on a page of its own: its pictures are drawn as they come into view.

import { draw } from "./original.js";

const cited = await draw(document.querySelector("main"));
cited?.scrollIntoView({ block: "center" });
