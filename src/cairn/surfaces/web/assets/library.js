// The library while something happens in it: files that are brought, and how far reading is.

import { run, send } from "./api.js";

const PAUSE = 2000;

const drop = document.querySelector("[data-upload]");
if (drop) {
  const list = drop.querySelector("ul");
  const chosen = drop.querySelector("input[type=file]");
  const over = (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    drop.classList.toggle("over", event.type === "dragover");
  };
  for (const kind of ["dragover", "dragleave", "drop"]) document.addEventListener(kind, over);
  document.addEventListener("drop", (event) => bring(event.dataTransfer?.files ?? []));
  drop.addEventListener("submit", (event) => {
    event.preventDefault();
    if (chosen.files.length) bring(chosen.files);
    else chosen.click();
  });

  async function bring(files) {
    const allow = drop.elements.allow.value.split(/[\s,]+/).filter(Boolean);
    const query = new URLSearchParams(allow.map((name) => ["allow", name]));
    for (const file of files) {
      const line = list.appendChild(document.createElement("li"));
      line.textContent = `${file.name}: uploading …`;
      try {
        const kept = await send("PUT", `/v1/uploads/${encodeURIComponent(file.name)}?${query}`, { body: file });
        line.textContent = `${file.name}: uploaded; it is read in a moment`;
        follow(line, file.name, kept.uri);
      } catch (error) {
        line.textContent = `${file.name}: ${error.message}`;
        line.className = "bad";
      }
    }
    chosen.value = "";
  }
}

// Waits until an upload has been read, and says what became of it.
async function follow(line, name, uri) {
  for (let tries = 0; tries < 90; tries++) {
    await new Promise((done) => setTimeout(done, 1000));
    const { documents } = await run("documents", { holding: uri, limit: 5 });
    const one = documents.find((each) => each.uri === uri && each.state !== "pending");
    if (!one) continue;
    const link = Object.assign(document.createElement("a"), { href: `/library/d${one.id}`, textContent: name });
    line.replaceChildren(link, `: ${one.state}${one.reason ? `, ${one.reason}` : ""}`);
    return;
  }
}

// How far each source is; the rate is what was done since this page was opened.
const began = performance.now();
const first = new Map();
const cards = [...document.querySelectorAll("[data-source]")];
for (const card of cards) first.set(card.dataset.source, Number(card.dataset.done));

async function look() {
  const { sources } = await run("status");
  for (const source of sources) {
    const card = cards.find((one) => one.dataset.source === `${source.id}`);
    if (card) progress(card, source);
  }
}

function progress(card, { id, states }) {
  const done = (states.indexed ?? 0) + (states.failed ?? 0) + (states.skipped ?? 0);
  const pending = states.pending ?? 0;
  const rate = (done - first.get(`${id}`)) / ((performance.now() - began) / 1000);
  const shown = card.querySelector(".rate");
  shown.hidden = !pending && shown.hidden;
  const bar = shown.querySelector("progress");
  bar.max = done + pending;
  bar.value = done;
  const left = rate > 0 ? ` · ${rate.toFixed(1)} a second · ${duration(pending / rate)} left` : "";
  const said = pending ? `${pending.toLocaleString("en")} to read${left}` : `All ${done.toLocaleString("en")} read`;
  shown.querySelector("p").textContent = said;
  if (!pending && card.dataset.pending !== "0") document.getElementById("progress-said").textContent = said;
  card.dataset.pending = pending;
}

const duration = (seconds) => (seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`);

for (;;) {
  await new Promise((done) => setTimeout(done, PAUSE));
  if (document.hidden || !cards.length) continue;
  try {
    await look();
  } catch {
    // The next look may find the server again.
  }
}
