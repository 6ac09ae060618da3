// What the address asks, behind its #, which no browser sends: an address that is passed on leaves nothing in a log.

export const asked = new URLSearchParams(location.hash.slice(1));
export const as = asked.get("as") ?? "";
export const NARROWING = ["source", "type", "after", "before", "model", "as"];

// What narrows a question, as an operation's parameters.
export const narrowing = {
  ...(asked.get("source") && { source: [asked.get("source")] }),
  ...(asked.get("type") && { type: [asked.get("type")] }),
  ...(asked.get("after") && { after: asked.get("after") }),
  ...(asked.get("before") && { before: asked.get("before") }),
  ...(asked.get("model") && { model: asked.get("model") }),
};

export const chosen = (form) => new URLSearchParams([...new FormData(form)].filter(([, value]) => value.trim()));

// A form says what is asked already, and is sent by Enter.
export function ready(form, submitted) {
  form.querySelector("textarea").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  for (const name of NARROWING) if (form.elements[name]) form.elements[name].value = asked.get(name) ?? "";
  form.querySelector(".narrow").open = NARROWING.some((name) => asked.get(name));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitted(event);
  });
}

addEventListener("hashchange", () => location.reload());
