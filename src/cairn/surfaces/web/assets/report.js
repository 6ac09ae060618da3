// Asks for the report that the address names, and fills its sections in as they come.

import { bytes, told } from "./api.js";
import { as, asked, chosen, narrowing, ready } from "./asked.js";
import { cite } from "./claims.js";
import { make } from "./make.js";

const question = asked.get("q")?.trim() ?? "";
const SUFFIXES = { markdown: "md" };

const page = document.querySelector(".report");
const stages = page.querySelector(".stages");
const held = new Map();

async function write() {
  let planned = 0;
  let done = 0;
  try {
    for await (const [kind, value] of told("report", { question, ...narrowing }, { as })) {
      if (kind === "plan") {
        planned = value.length;
        waiting(value);
      } else if (kind === "section") {
        done += 1;
        fill(value);
      } else if (kind === "result") {
        show(value);
      }
      if (kind === "plan" || kind === "section") stages.textContent = `${done} of ${planned} parts looked into …`;
    }
  } catch (error) {
    stages.textContent = "";
    page.querySelector(".parts").replaceChildren(make("p", { className: "alert", textContent: error.message }));
  }
  page.setAttribute("aria-busy", "false");
}

// What comes is shown under the titles that were planned; a title that is left out waits until the whole is there.
function waiting(titles) {
  const parts = titles.map((title) => part(title, [make("div", { className: "skeleton waits" }, make("i"), make("i"))]));
  page.querySelector(".parts").replaceChildren(...parts);
  contents();
}

function fill(section) {
  const title = [...page.querySelectorAll(".part h2")].find((one) => one.textContent === section.title);
  title?.parentElement.replaceWith(part(section.title, body(section)));
  contents();
}

function show(report) {
  page.querySelector("h1").textContent = report.title;
  document.title = `${report.title} · Cairn`;
  const sections = report.sections.map((section) => part(section.title, body(section)));
  const summary = report.summary.length ? [part("Summary", report.summary.map(sentence))] : [];
  const sources = report.references.length ? [part("Sources", [make("ol", { className: "sources" }, ...report.references.map(source))])] : [];
  page.querySelector(".parts").replaceChildren(...summary, ...sections, part("Limits", [limits(report)]), ...sources);
  contents();
  const who = report.writer ? `written by ${report.writer}, each statement checked` : "quoted and checked";
  const about = report.abstained ? "No answer" : `${report.references.length} sources · ${who}`;
  stages.textContent = `${about} · ${report.seconds.toFixed(1)} s${as ? ` · as ${as}` : ""}`;
  tools(report);
}

const part = (title, children) => make("section", { className: "part" }, make("h2", { textContent: title }), ...children);

function contents() {
  const list = page.querySelector(".contents");
  const lines = [...page.querySelectorAll(".part h2")].map((title, number) => {
    title.parentElement.id = `part-${number + 1}`;
    const link = make("a", { href: `#part-${number + 1}`, textContent: title.textContent });
    link.addEventListener("click", (event) => {
      event.preventDefault(); // the question stands behind the #
      title.scrollIntoView({ block: "start" });
      title.tabIndex = -1;
      title.focus({ preventScroll: true });
    });
    return make("li", {}, link);
  });
  list.querySelector("ol").replaceChildren(...lines);
  list.hidden = false;
}

function body(section) {
  for (const one of section.evidence) held.set(one.id, one);
  return [
    ...section.claims.map(sentence),
    ...section.tables.map(table),
    ...(section.note ? [make("p", { className: "quiet", textContent: section.note })] : []),
    ...section.withdrawn.map((claim) => make("p", { className: "quiet" }, make("s", { textContent: claim.text }), ` ${claim.reason}`)),
  ];
}

const links = (citations) => citations.map((citation) => cite(citation, held.get(citation.evidence), as));
const sentence = (claim) => make("p", {}, claim.text, " ", ...links(claim.citations));

function table(excerpt) {
  const width = Math.max(...[...excerpt.header, ...excerpt.rows].map((row) => row.length));
  const some = excerpt.cited.length < excerpt.rows.length;
  const head = make("thead", {}, ...excerpt.header.map((row) => cells(row, "th", width)));
  const rows = make("tbody", {}, ...excerpt.rows.map((row) => cells(row, "td", width)));
  for (const number of excerpt.cited) rows.rows[number].className = some ? "cited" : "";
  const left = excerpt.left_out ? ` · ${excerpt.rows.length} of ${excerpt.rows.length + excerpt.left_out} rows` : "";
  const caption = make("caption", {}, `${excerpt.caption}${left} `, ...links([excerpt.citation]));
  const scroll = make("div", { className: "scroll", tabIndex: 0 }, make("table", {}, caption, head, rows));
  scroll.setAttribute("role", "group");
  scroll.setAttribute("aria-label", excerpt.caption);
  return scroll;
}

const cells = (row, tag, width) => make("tr", {}, ...Array.from({ length: width }, (_, at) => make(tag, { textContent: row[at] ?? "" })));

function limits(report) {
  const differ = report.disagreements.map(([one, other]) =>
    make("li", {}, "The documents differ: ", `“${one.text}” `, ...links(one.citations), ` and “${other.text}” `, ...links(other.citations)),
  );
  return make("ul", {}, ...report.limits.map((said) => make("li", { textContent: said })), ...differ);
}

function source(reference) {
  const title = make("a", { href: `/library/d${reference.document}`, textContent: reference.title });
  const where = [...reference.places, reference.uri, reference.modified.slice(0, 10)].join(" · ");
  return make("li", {}, make("span", { className: "tag", textContent: `${reference.number}` }), make("span", {}, title, make("small", { textContent: where })));
}

function tools(report) {
  const bar = page.querySelector(".tools");
  bar.hidden = false;
  bar.querySelector("[data-trace]").href = `/trace/${report.trace}`;
  bar.querySelector("[data-print]").addEventListener("click", () => print());
  for (const button of bar.querySelectorAll("[data-format]")) button.addEventListener("click", () => save(report, button.dataset.format));
}

// Rights are asked for again: what may no longer be read is not sent.
async function save(report, format) {
  const said = page.querySelector(".said");
  said.textContent = "";
  try {
    const file = new Blob([await bytes(`/v1/reports/${report.trace}/${format}`, { as })]);
    const link = make("a", { href: URL.createObjectURL(file), download: `${report.title.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60)}.${SUFFIXES[format] ?? format}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  } catch (error) {
    said.dataset.kind = "bad";
    said.textContent = error.message;
  }
}

ready(document.querySelector(".question"), ({ target }) => (location.hash = chosen(target)));
if (question) {
  page.querySelector("h1").textContent = question.length > 110 ? `${question.slice(0, 110)} …` : question;
  await write();
}
