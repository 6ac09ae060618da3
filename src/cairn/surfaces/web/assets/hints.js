// What stands over a mark while it is pointed at or focused; Escape takes it away.

import { make } from "./make.js";

// `content` makes what is shown, when it is.
export function hint(mark, content) {
  let tip;
  const hide = () => {
    tip?.remove();
    tip = undefined;
  };
  const reveal = () => {
    hide();
    tip = make("div", { className: "tip", role: "tooltip" }, ...content());
    document.body.append(tip);
    const box = mark.getBoundingClientRect();
    const left = Math.min(box.left, innerWidth - tip.offsetWidth - 16);
    const above = box.top > tip.offsetHeight + 16;
    tip.style.left = `${Math.max(left, 16) + scrollX}px`;
    tip.style.top = `${(above ? box.top - tip.offsetHeight - 8 : box.bottom + 8) + scrollY}px`;
  };
  for (const event of ["mouseenter", "focus"]) mark.addEventListener(event, reveal);
  for (const event of ["mouseleave", "blur", "click"]) mark.addEventListener(event, hide);
  mark.addEventListener("keydown", (event) => event.key === "Escape" && hide());
}
