// What every page does: its theme, signing in and out, and forms that are operations.

import { run, send } from "./api.js";

const theme = document.getElementById("theme");
theme.value = document.documentElement.dataset.theme ?? "";
theme.addEventListener("change", () => {
  if (theme.value) localStorage.setItem("theme", theme.value);
  else localStorage.removeItem("theme");
  document.documentElement.dataset.theme = theme.value;
});

document.querySelector(".top [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// A jump must not touch what stands behind the # of an address: it is what was asked.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest?.(".menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const { session, operation } = form.dataset;
  if (!session && !operation) return;
  event.preventDefault();
  const pressed = event.submitter;
  if (form.dataset.confirm && !confirm(form.dataset.confirm)) return;
  say(form, "");
  pressed?.setAttribute("disabled", "");
  try {
    if (session) await signing(form, session);
    else await operate(form, operation);
  } catch (error) {
    say(form, error.message, "bad");
  } finally {
    pressed?.removeAttribute("disabled");
  }
});

async function signing(form, method) {
  const body = method === "POST" ? Object.fromEntries(new FormData(form)) : undefined;
  await send(method, "/v1/session", { body });
  location.assign(form.dataset.next ? form.dataset.next + location.hash : "/sign-in");
}

// A form's fields are the operation's parameters, by name; what is left empty is not sent.
async function operate(form, operation) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || (field.type !== "checkbox" && field.value === "")) continue;
    if (field.type === "checkbox") body[field.name] = field.checked;
    else if (field.type === "number" || field.dataset.kind === "number") body[field.name] = Number(field.value);
    else if (field.dataset.kind === "list") body[field.name] = field.value.split(/[\s,]+/).filter(Boolean);
    else body[field.name] = field.value;
  }
  const result = await run(operation, body);
  const told = form.dataset.tells;
  if (told && result[told]) say(form, `${form.dataset.said}: ${result[told]}`);
  else if (form.dataset.said && !told) say(form, form.dataset.said);
  else if (form.dataset.next) location.assign(form.dataset.next);
  else location.reload();
}

export function say(form, text, kind = "good") {
  const said = form.querySelector(".said") ?? form.appendChild(Object.assign(document.createElement("p"), { className: "said small" }));
  said.setAttribute("role", "alert");
  said.dataset.kind = kind;
  said.textContent = text;
}
