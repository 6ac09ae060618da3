// Asks the questions of the address, one after another, and shows each answer while it comes.

import { asked as understood, searched, show } from "./answer.js";
import { told } from "./api.js";
import { NARROWING, as, asked, chosen, narrowing, ready } from "./asked.js";
import { close } from "./beside.js";
import { Draft } from "./draft.js";
import { make } from "./make.js";

const STAGES = {
  "follow up": "Understanding what it follows on …",
  plan: "Dividing the question …",
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
const WRITING = "Writing; each sentence is checked …";
const WRITTEN = { write: "Checking what was written …", repair: "Checking what was corrected …" };

const questions = asked.getAll("q").filter((question) => question.trim());
let follows = ""; // the trace of the answer before

async function ask(exchange) {
  exchange.setAttribute("aria-busy", "true");
  try {
    await listen(exchange);
  } catch (error) {
    failed(exchange, error);
  }
  exchange.setAttribute("aria-busy", "false");
}

async function listen(exchange) {
  const stages = exchange.querySelector(".stages");
  const draft = new Draft(exchange.querySelector(".answer"), as);
  const body = { question: exchange.querySelector("h2").textContent, ...narrowing, ...(follows && { follows }) };
  const passed = [];
  let evidence = [];
  let writing = false;
  let answer;
  for await (const [kind, value] of told("ask", body, { as })) {
    if (kind === "stage") {
      passed.push(value);
      stages.textContent = (writing ? WRITTEN : STAGES)[value.name] ?? stages.textContent;
    } else if (kind === "question") {
      understood(exchange, value);
    } else if (kind === "evidence") {
      evidence = value;
      draft.evidence(value);
      stages.textContent = `Reading ${value.length} passages …`;
    } else if (kind === "text") {
      if (!writing) stages.textContent = WRITING;
      writing = true;
      draft.text(value);
    } else if (kind === "claim") {
      draft.claim(value);
    } else if (kind === "answer") {
      answer = value;
    }
  }
  if (!answer) throw new Error("The answer broke off; nothing of it is kept.");
  follows = answer.trace;
  show(exchange, answer, as);
  searched(exchange, evidence, passed);
  exchange.querySelector("[data-copy]").onclick = (event) => copy(event.target, answer.question || body.question);
}

function failed(exchange, error) {
  const again = make("button", { type: "button", textContent: "Ask again" });
  again.addEventListener("click", () => {
    const anew = blank(exchange.querySelector("h2").textContent);
    exchange.replaceWith(anew);
    ask(anew);
  });
  exchange.querySelector(".stages").textContent = "Not answered";
  exchange.querySelector(".answer").replaceChildren(make("p", { className: "alert", textContent: error.message }), again);
}

async function copy(button, question) {
  const address = new URL(location.href);
  const only = new URLSearchParams(asked);
  only.set("q", question);
  address.hash = only;
  await navigator.clipboard.writeText(address.href);
  button.textContent = "Copied; whoever opens it asks with their own rights";
}

// A further question stands below the ones before, and may follow on them; the address holds them all.
function further({ target: form, submitter }) {
  const said = chosen(form);
  const question = said.get("q");
  if (!question) return;
  if (submitter?.matches("[data-report]")) {
    location.assign(`/report#${said}`);
    return;
  }
  said.delete("q");
  const narrowed = NARROWING.some((name) => (said.get(name) ?? "") !== (asked.get(name) ?? ""));
  for (const one of [...questions, question]) said.append("q", one);
  if (narrowed || !questions.length) {
    location.hash = said;
    return;
  }
  questions.push(question);
  history.replaceState(null, "", `#${said}`);
  form.querySelector("textarea").value = "";
  close();
  const exchange = add(question);
  exchange.scrollIntoView({ block: "start" });
  ask(exchange);
}

function blank(question) {
  const exchange = document.getElementById("exchange").content.cloneNode(true).firstElementChild;
  exchange.querySelector("h2").textContent = question;
  exchange.querySelector(".asked").hidden = !follows;
  return exchange;
}

function add(question) {
  const exchange = blank(question);
  document.querySelector(".thread").append(exchange);
  return exchange;
}

for (const form of document.querySelectorAll(".question")) ready(form, further);
if (questions.length) document.title = `${questions[0]} · Cairn`;
for (const question of questions) await ask(add(question));
