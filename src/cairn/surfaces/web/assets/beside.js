// The original beside the answer: fetched anew at each click, with the rights one has then.

import { part } from "./api.js";
import { draw } from "./original.js";

const aside = document.querySelector(".beside");
const inside = aside?.querySelector(".inside");
let opener;

export async function open(link, address, as) {
  mark(link);
  opener = link;
  aside.hidden = false;
  inside.innerHTML = '<div class="skeleton waits"><i></i><i></i><i></i><i></i></div>';
  try {
    inside.innerHTML = await part(address, { as });
    show(await draw(inside, as));
  } catch (error) {
    inside.replaceChildren(Object.assign(document.createElement("p"), { className: "alert", textContent: error.message }));
  }
  inside.focus({ preventScroll: true });
}

// Only the original is moved, not the answer beside it.
function show(cited) {
  if (!cited) return;
  const middle = (inside.clientHeight - cited.offsetHeight) / 2;
  const page = cited.closest(".page");
  if (page) page.scrollLeft = cited.offsetLeft - Math.max((page.clientWidth - cited.offsetWidth) / 2, 16);
  inside.scrollTop += cited.getBoundingClientRect().top - inside.getBoundingClientRect().top - middle;
}

export function close() {
  if (!aside || aside.hidden) return;
  aside.hidden = true;
  inside.replaceChildren();
  mark(null);
  opener?.focus();
}

function mark(link) {
  for (const one of document.querySelectorAll(".cite[aria-current]")) one.removeAttribute("aria-current");
  link?.setAttribute("aria-current", "true");
}

aside?.querySelector("[data-close]").addEventListener("click", close);
document.addEventListener("keydown", (event) => event.key === "Escape" && close());
