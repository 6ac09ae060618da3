// Draws pictures of pages with the cited words marked, and finds the first of these.

import { bytes } from "./api.js";

const POINTS_PER_METRE = 72 / 0.0254;
const RESOLUTION = 41; // where a PNG's first chunk after its header says how many pixels a metre has

export async function draw(within, as) {
  const pages = [...within.querySelectorAll(".page[data-source]")];
  await Promise.all(pages.map((page) => picture(page, as)));
  return within.querySelector(".box, mark");
}

async function picture(page, as) {
  const frame = page.querySelector(".picture");
  try {
    const png = await bytes(page.dataset.source, { as });
    const image = new Image();
    image.alt = page.dataset.alt;
    image.src = URL.createObjectURL(new Blob([png], { type: "image/png" }));
    await image.decode();
    frame.replaceChildren(image, ...boxes(page, image, new DataView(png).getUint32(RESOLUTION)));
    frame.className = "picture drawn";
    URL.revokeObjectURL(image.src);
  } catch (error) {
    page.replaceChildren(Object.assign(document.createElement("p"), { className: "quiet small", textContent: error.message }));
  }
}

function boxes(page, image, perMetre) {
  const wide = (image.naturalWidth / perMetre) * POINTS_PER_METRE;
  const high = (wide * image.naturalHeight) / image.naturalWidth;
  return JSON.parse(page.dataset.boxes).map(([x0, y0, x1, y1]) => {
    const box = Object.assign(document.createElement("span"), { className: "box" });
    const style = { left: x0 / wide, top: y0 / high, width: (x1 - x0) / wide, height: (y1 - y0) / high };
    for (const [name, share] of Object.entries(style)) box.style[name] = `${share * 100}%`;
    return box;
  });
}
