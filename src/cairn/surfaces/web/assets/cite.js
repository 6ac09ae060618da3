// A citation as a link, the same in answers and reports.

import { open } from "./beside.js";
import { place } from "./place.js";

export const make = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

// A link to the very words; a click opens them beside the answer, a middle click on a page of their own.
export function cite(citation, evidence, as) {
  const start = Math.max(evidence.text.indexOf(citation.quote), 0);
  const at = `${citation.evidence}.${start}-${start + citation.quote.length}`;
  const where = [citation.title, ...citation.locators.map(place)].filter(Boolean).join(", ");
  const link = make("a", { className: "cite", href: `/library/d${evidence.document}?at=${at}#here`, textContent: `${citation.number}` });
  link.setAttribute("aria-label", `Citation ${citation.number}: ${where}`);
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link, `/library/d${evidence.document}/original?at=${at}`, as);
  });
  hints(link, citation, where);
  return link;
}

function hints(link, citation, where) {
  let tip;
  const hide = () => {
    tip?.remove();
    tip = undefined;
  };
  const reveal = () => {
    hide();
    tip = make("div", { className: "tip" }, make("q", { textContent: citation.quote }), make("span", { className: "quiet", textContent: where }));
    tip.setAttribute("role", "tooltip");
    document.body.append(tip);
    const box = link.getBoundingClientRect();
    const left = Math.min(box.left, innerWidth - tip.offsetWidth - 16);
    const above = box.top > tip.offsetHeight + 16;
    tip.style.left = `${Math.max(left, 16) + scrollX}px`;
    tip.style.top = `${(above ? box.top - tip.offsetHeight - 8 : box.bottom + 8) + scrollY}px`;
  };
  for (const event of ["mouseenter", "focus"]) link.addEventListener(event, reveal);
  for (const event of ["mouseleave", "blur", "click"]) link.addEventListener(event, hide);
  link.addEventListener("keydown", (event) => event.key === "Escape" && hide());
}
