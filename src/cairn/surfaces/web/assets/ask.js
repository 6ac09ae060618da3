// Asks the questions of the address, one after another, and shows each answer while it comes.
// They stand behind its #, which no browser sends: an address that is passed on leaves nothing in a log.

import { run, told } from "./api.js";
import { close } from "./beside.js";
import { cite, make } from "./cite.js";
import { place } from "./place.js";
import { say } from "./page.js";

const STAGES = {
  access: "Looking up what you may read …",
  names: "Looking for documents by name …",
  embed: "Understanding the question …",
  words: "Searching by words …",
  vectors: "Searching by meaning …",
  "journal check": "Checking what you may read …",
  fuse: "Reading what was found …",
  retrieve: "Reading what was found …",
  extract: "Checking citations …",
};

const asked = new URLSearchParams(location.hash.slice(1));
const questions = asked.getAll("q").filter((question) => question.trim());
const NARROWING = ["source", "type", "after", "before", "as"];
const as = asked.get("as") ?? "";
const narrowing = {
  ...(asked.get("source") && { source: [asked.get("source")] }),
  ...(asked.get("type") && { type: [asked.get("type")] }),
  ...(asked.get("after") && { after: asked.get("after") }),
  ...(asked.get("before") && { before: asked.get("before") }),
};

async function ask(exchange) {
  const question = exchange.querySelector("h2").textContent;
  const stages = exchange.querySelector(".stages");
  const passed = [];
  let evidence = [];
  try {
    for await (const [kind, value] of told("ask", { question, ...narrowing }, { as })) {
      if (kind === "stage") {
        passed.push(value);
        stages.textContent = STAGES[value.name] ?? stages.textContent;
      } else if (kind === "evidence") {
        evidence = value;
        stages.textContent = `Reading ${value.length} passages …`;
      } else if (kind === "answer") {
        show(exchange, value);
        searched(exchange, value, evidence, passed);
      }
    }
  } catch (error) {
    stages.textContent = "";
    exchange.querySelector(".answer").replaceChildren(make("p", { className: "alert", textContent: error.message }));
  }
  exchange.setAttribute("aria-busy", "false");
}

function show(exchange, answer) {
  const sure = `${Math.round(answer.confidence * 100)} % sure`;
  const seconds = `${answer.seconds.toFixed(1)} s`;
  const whose = as ? ` · as ${as}` : "";
  const about = answer.abstained ? "No answer" : `${counted(answer.claims.length, "sentence")}, quoted and checked · ${sure}`;
  exchange.querySelector(".stages").textContent = `${about} · ${seconds}${whose}`;
  const held = new Map(answer.evidence.map((one) => [one.id, one]));
  const body = answer.abstained ? unanswered(answer) : answer.claims.map((claim) => sentence(claim, held));
  exchange.querySelector(".answer").replaceChildren(...body);
  sources(exchange, answer, held);
  tools(exchange, answer);
}

const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

function sentence(claim, held) {
  const links = claim.citations.map((citation) => cite(citation, held.get(citation.evidence), as));
  return make("p", {}, claim.text, " ", ...links);
}

function unanswered(answer) {
  const said = make("p", { textContent: answer.text });
  const closest = answer.evidence.length ? "What comes closest stands below." : "Nothing comes close.";
  return [said, make("p", { className: "quiet", textContent: `${closest} Other words, or a name or number from the document, may find it.` })];
}

// One line for each number: what it is and where it stands.
function sources(exchange, answer, held) {
  const numbered = new Map();
  for (const claim of answer.claims) for (const one of claim.citations) if (!numbered.has(one.number)) numbered.set(one.number, one);
  const lines = [...numbered.values()].map((citation) => line(citation, held.get(citation.evidence)));
  const closest = answer.abstained ? answer.evidence.map(near) : [];
  const list = exchange.querySelector(".sources");
  list.replaceChildren(...lines, ...closest);
  list.hidden = !list.childElementCount;
}

function line(citation, evidence) {
  const title = make("a", { href: `/library/d${evidence.document}`, textContent: citation.title });
  const where = [...citation.locators.map(place), citation.uri].filter(Boolean).join(" · ");
  return make("li", {}, cite(citation, evidence, as), make("span", {}, title, make("small", { textContent: where })));
}

function near(evidence, number) {
  const whole = { ...evidence, number: number + 1, quote: evidence.text, evidence: evidence.id, locators: evidence.locators.slice(0, 1) };
  return line(whole, evidence);
}

function tools(exchange, answer) {
  const bar = exchange.querySelector(".tools");
  const form = exchange.querySelector("[data-note]");
  bar.hidden = false;
  bar.querySelector("[data-trace]").href = `/trace/${answer.trace}`;
  bar.querySelector("[data-copy]").addEventListener("click", (event) => copy(event.target, exchange));
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

async function copy(button, exchange) {
  const address = new URL(location.href);
  const only = new URLSearchParams(asked);
  only.set("q", exchange.querySelector("h2").textContent);
  address.hash = only;
  await navigator.clipboard.writeText(address.href);
  button.textContent = "Copied; whoever opens it asks with their own rights";
}

function searched(exchange, answer, evidence, passed) {
  const details = exchange.querySelector(".found");
  const times = passed.filter((stage) => stage.name !== "ask").map((stage) => `${stage.name} ${Math.round(stage.milliseconds)} ms`);
  details.querySelector("p").textContent = `${counted(evidence.length, "passage")} read, best first. ${times.join(" · ")}`;
  const items = evidence.map((one) => {
    const link = make("a", { href: `/library/d${one.document}?at=${one.id}#here`, textContent: one.title });
    const where = [...one.locators.slice(0, 1).map(place), one.uri, `score ${one.scores.rank.toFixed(2)}`].filter(Boolean).join(" · ");
    return make("li", {}, link, make("p", { className: "quiet small", textContent: where }), make("p", { className: "small", textContent: one.text }));
  });
  details.querySelector("ol").replaceChildren(...items);
  details.hidden = !evidence.length;
}

// A further question stands below the ones before; the address holds them all.
function further(event) {
  event.preventDefault();
  const form = event.target;
  const chosen = new URLSearchParams([...new FormData(form)].filter(([, value]) => value.trim()));
  const question = chosen.get("q");
  if (!question) return;
  chosen.delete("q");
  const narrowed = NARROWING.some((name) => (chosen.get(name) ?? "") !== (asked.get(name) ?? ""));
  for (const one of [...questions, question]) chosen.append("q", one);
  if (narrowed || !questions.length) {
    location.hash = chosen;
    return;
  }
  questions.push(question);
  history.replaceState(null, "", `#${chosen}`);
  form.querySelector("textarea").value = "";
  close();
  const exchange = add(question);
  exchange.scrollIntoView({ block: "start" });
  ask(exchange);
}

function add(question) {
  const exchange = document.getElementById("exchange").content.cloneNode(true).firstElementChild;
  exchange.querySelector("h2").textContent = question;
  document.querySelector(".thread").append(exchange);
  return exchange;
}

for (const form of document.querySelectorAll(".question")) {
  const field = form.querySelector("textarea");
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  for (const name of NARROWING) if (form.elements[name]) form.elements[name].value = asked.get(name) ?? "";
  form.querySelector(".narrow").open = NARROWING.some((name) => asked.get(name));
  form.addEventListener("submit", further);
}
addEventListener("hashchange", () => location.reload());
if (questions.length) document.title = `${questions[0]} · Cairn`;
for (const exchange of questions.map(add)) await ask(exchange);
