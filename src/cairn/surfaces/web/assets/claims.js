// Claims with what they rest on: their words, links to the very place, and what the check found.

import { open } from "./beside.js";
import { hint } from "./hints.js";
import { make } from "./make.js";
import { place } from "./place.js";

const VERDICTS = {
  supported: "What it cites says so.",
  partly: "What it cites says part of it.",
  "not found": "What it cites does not say so.",
  contradicted: "What it cites says otherwise.",
};

// `held` are the evidences by id; `as` is whose rights the original is opened with.
export function quoted(claim, held, as) {
  return make("p", {}, claim.text, " ", ...links(claim, held, as));
}

export function checked(claim, held, as) {
  const marks = make("span", { className: "marks" }, verdict(claim), ...links(claim, held, as));
  const made = make("span", { className: "claim" }, claim.text, " ", marks, " ");
  made.dataset.verdict = claim.verdict;
  return made;
}

export function withdrawn(claim) {
  return make("li", {}, make("s", { textContent: claim.text }), " ", verdict(claim), " ", make("small", { textContent: claim.reason }));
}

function verdict(claim) {
  const mark = make("span", { className: "verdict", tabIndex: 0 });
  mark.dataset.verdict = claim.verdict;
  mark.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><use href="#${claim.verdict.replace(" ", "-")}"/></svg>`;
  mark.append(make("span", { className: claim.verdict === "supported" ? "unseen" : "", textContent: claim.verdict }));
  hint(mark, () => [make("strong", { textContent: claim.verdict }), ` · ${claim.reason || VERDICTS[claim.verdict]}`]);
  return mark;
}

function links(claim, held, as) {
  const found = claim.citations.filter((citation) => held.has(citation.evidence));
  return found.map((citation) => cite(citation, held.get(citation.evidence), as));
}

// A link to the very words; a click opens them beside the answer, a middle click on a page of their own.
export function cite(citation, evidence, as) {
  const at = `${citation.evidence}${span(evidence.text, citation.quote)}`;
  const where = [citation.title, ...citation.locators.map(place)].filter(Boolean).join(", ");
  const link = make("a", { className: "cite", href: `/library/d${evidence.document}?at=${at}#here`, textContent: citation.number });
  link.setAttribute("aria-label", `Citation ${citation.number}: ${where}`);
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link, `/library/d${evidence.document}/original?at=${at}`, as);
  });
  hint(link, () => [make("q", { textContent: citation.quote }), make("span", { className: "quiet", textContent: where })]);
  return link;
}

// Which characters of the evidence are cited; all of it where its words do not stand there as they are.
function span(text, quote) {
  const start = quote ? text.indexOf(quote) : -1;
  if (start < 0) return "";
  const first = characters(text.slice(0, start));
  return `.${first}-${first + characters(quote)}`;
}

// The server counts characters, a script halves of some.
const characters = (text) => [...text].length;
