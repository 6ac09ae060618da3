// A document on a page of its own: its pictures are drawn as they come into view.

import { draw } from "./original.js";

await draw(document.querySelector("main"));
