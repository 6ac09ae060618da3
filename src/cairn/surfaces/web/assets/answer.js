// An answer that is whole: what it says and rests on, how sure it is, what was searched, and what one thinks of it.

import { run } from "./api.js";
import { checked, cite, quoted, withdrawn } from "./claims.js";
import { counted, make } from "./make.js";
import { place } from "./place.js";
import { say } from "./page.js";

export function show(exchange, answer, as) {
  const held = new Map(answer.evidence.map((one) => [one.id, one]));
  exchange.querySelector(".stages").textContent = [about(answer), `${answer.seconds.toFixed(1)} s`, as && `as ${as}`].filter(Boolean).join(" · ");
  asked(exchange, answer.question);
  exchange.querySelector(".answer").replaceChildren(...body(answer, held, as));
  reveal(exchange.querySelector(".notice"), answer.notice && [answer.notice]);
  const gone = exchange.querySelector(".withdrawn");
  gone.querySelector("ul").replaceChildren(...answer.withdrawn.map(withdrawn));
  gone.hidden = !answer.withdrawn.length;
  const list = exchange.querySelector(".sources");
  reveal(list, sources(answer, held, as));
  tools(exchange, answer);
}

// A question that follows on another is told as it was understood.
export function asked(exchange, question) {
  if (question) exchange.querySelector(".asked").textContent = `Asked: ${question}`;
}

function reveal(part, content) {
  part.replaceChildren(...(content || []));
  part.hidden = !content?.length;
}

function about(answer) {
  if (answer.abstained) return "No answer";
  const sure = `${Math.round(answer.confidence * 100)} % sure`;
  const sentences = counted(answer.claims.length, "sentence");
  return answer.writer ? `Written by ${answer.writer} · ${sentences}, each checked · ${sure}` : `${sentences}, quoted and checked · ${sure}`;
}

function body(answer, held, as) {
  if (answer.abstained) return unanswered(answer);
  if (!answer.writer) return answer.claims.map((claim) => quoted(claim, held, as));
  return [make("p", {}, ...answer.claims.map((claim) => checked(claim, held, as)))];
}

function unanswered(answer) {
  const closest = answer.evidence.length ? "What comes closest stands below." : "Nothing comes close.";
  const hint = `${closest} Other words, or a name or number from the document, may find it.`;
  return [make("p", { textContent: answer.text }), make("p", { className: "quiet", textContent: hint })];
}

// One line for each number: what it is and where it stands.
function sources(answer, held, as) {
  if (answer.abstained) return answer.evidence.map((one, number) => line(near(one, number), one, as));
  const numbered = new Map();
  for (const claim of [...answer.claims, ...answer.withdrawn])
    for (const one of claim.citations) if (!numbered.has(one.number) && held.has(one.evidence)) numbered.set(one.number, one);
  return [...numbered.values()].map((citation) => line(citation, held.get(citation.evidence), as));
}

const near = (evidence, number) => ({
  ...evidence,
  number: number + 1,
  quote: evidence.text,
  evidence: evidence.id,
  locators: evidence.locators.slice(0, 1),
});

function line(citation, evidence, as) {
  const title = make("a", { href: `/library/d${evidence.document}`, textContent: citation.title });
  const where = [...citation.locators.map(place), citation.uri].filter(Boolean).join(" · ");
  return make("li", {}, cite(citation, evidence, as), make("span", {}, title, make("small", { textContent: where })));
}

function tools(exchange, answer) {
  const bar = exchange.querySelector(".tools");
  const form = exchange.querySelector("[data-note]");
  bar.hidden = false;
  bar.querySelector("[data-trace]").href = `/trace/${answer.trace}`;
  const said = { id: answer.trace };
  for (const button of bar.querySelectorAll("[data-verdict]")) {
    button.addEventListener("click", async () => {
      for (const one of bar.querySelectorAll("[data-verdict]")) one.setAttribute("aria-pressed", `${one === button}`);
      said.verdict = button.dataset.verdict;
      form.hidden = false;
      await judged(form, said, "Noted. You may say more.");
    });
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    said.note = form.elements.note.value;
    await judged(form, said, "Noted, thank you.");
  });
}

async function judged(form, said, thanks) {
  try {
    await run("history.judge", said);
    say(form, thanks);
  } catch (error) {
    say(form, error.message, "bad");
  }
}

export function searched(exchange, evidence, passed) {
  const details = exchange.querySelector(".found");
  const times = passed.filter((stage) => stage.name !== "ask").map((stage) => `${stage.name} ${Math.round(stage.milliseconds)} ms`);
  details.querySelector("p").textContent = `${counted(evidence.length, "passage")} read, best first. ${times.join(" · ")}`;
  details.querySelector("ol").replaceChildren(...evidence.map(passage));
  details.hidden = !evidence.length;
}

function passage(one) {
  const link = make("a", { href: `/library/d${one.document}?at=${one.id}#here`, textContent: one.title });
  const where = [...one.locators.slice(0, 1).map(place), one.uri, `score ${one.scores.rank.toFixed(2)}`].filter(Boolean).join(" · ");
  return make("li", {}, link, make("p", { className: "quiet small", textContent: where }), make("p", { className: "small", textContent: one.text }));
}
