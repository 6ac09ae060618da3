// What is looked for stands behind the # of the address, which no browser sends. It is posted to the page's own
// path, and what comes back takes the place of what stood there.

import { part } from "./api.js";

const form = document.querySelector("form[data-looks]");
const shown = document.querySelector(".looked");
const said = document.getElementById("looked-said");
const fields = [...form.elements].filter((field) => field.name);

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const chosen = new URLSearchParams([...new FormData(form)].filter(([, value]) => value.trim()));
  if (location.hash === `#${chosen}`) look();
  else location.hash = chosen;
});

async function look() {
  const asked = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  for (const field of fields) field.value = asked[field.name] ?? "";
  shown.setAttribute("aria-busy", "true");
  try {
    shown.innerHTML = await part(location.pathname, { body: asked });
  } catch (error) {
    shown.replaceChildren(Object.assign(document.createElement("p"), { className: "alert", textContent: error.message }));
  }
  shown.setAttribute("aria-busy", "false");
  delete document.documentElement.dataset.asked;
  said.textContent = shown.querySelector("[data-sum]")?.textContent ?? shown.textContent.trim();
}

addEventListener("hashchange", async () => {
  await look();
  shown.scrollIntoView({ block: "nearest" });
});
if (location.hash) look();
