// Calls of the HTTP API: as JSON, and as a stream of events. Whoever is no longer signed in is asked to be.

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? "The server could not be understood.");
    this.status = status;
  }
}

async function fetched(method, path, { body, accept = "application/json", as, signal } = {}) {
  const headers = { Accept: accept };
  if (body !== undefined && !(body instanceof Blob)) headers["Content-Type"] = "application/json";
  if (as) headers["Cairn-As"] = as;
  const sent = body instanceof Blob || body === undefined ? body : JSON.stringify(body);
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: sent, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, { detail: "The server cannot be reached." });
  }
  if (answer.status === 401 && location.pathname !== "/sign-in") leave();
  if (!answer.ok) throw new Refused(answer.status, await answer.json().catch(() => ({})));
  return answer;
}

export function leave() {
  const here = location.pathname + location.search;
  document.querySelector("main").replaceChildren();
  location.assign(`/sign-in?next=${encodeURIComponent(here)}${location.hash}`);
}

export async function send(method, path, options) {
  const answer = await fetched(method, path, options);
  return answer.status === 204 ? null : answer.json();
}

export const run = (operation, body = {}, options = {}) =>
  send("POST", `/v1/${operation.replaceAll(".", "/")}`, { ...options, body });

// A part of a page; with a body, as what is posted is answered.
export const part = async (path, options) =>
  (await fetched(options.body === undefined ? "GET" : "POST", path, { ...options, accept: "text/html" })).text();

export const bytes = async (path, options) => (await fetched("GET", path, { ...options, accept: "*/*" })).arrayBuffer();

// Yields [kind, value] for each event of an operation's stream.
export async function* told(operation, body, options) {
  const path = `/v1/${operation.replaceAll(".", "/")}`;
  const answer = await fetched("POST", path, { ...options, body, accept: "text/event-stream" });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (held + value).split("\n\n");
    held = events.pop();
    for (const event of events) {
      const kind = /^event: (.*)$/m.exec(event)?.[1];
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (kind === "problem") throw new Refused(JSON.parse(data).status, JSON.parse(data));
      if (kind) yield [kind, JSON.parse(data)];
    }
  }
}
