// A written answer while it is written: words at once, then sentence by sentence what the check made of them.

import { checked } from "./claims.js";
import { make } from "./make.js";

// What a model cites with, in any brackets, and what may become it.
const LABEL = /\s*[[(【]\s*e\d+(?:[\s,;]*e\d+)*\s*[\])】]|\s*[[(【][e\d\s,;]*$/giu;
const BEHIND = /^[^\p{L}\p{N}\s[(【]*(?:\s*[[(【]\s*e\d[e\d\s,;]*[\])】][^\p{L}\p{N}\s[(【]*)*\s*/iu;
const PAUSE = 50; // milliseconds between two drawings

export class Draft {
  #held = new Map();
  #text = "";
  #waits = false;
  #unchecked = make("span", { className: "unchecked" });
  #claims = make("span");

  constructor(answer, as) {
    this.answer = answer;
    this.as = as;
  }

  evidence(found) {
    this.#held = new Map(found.map((one) => [one.id, one]));
  }

  // Written into the page a few times a second, however fast it comes.
  text(delta) {
    if (!this.#unchecked.isConnected) this.answer.replaceChildren(make("p", {}, this.#claims, this.#unchecked));
    this.#text += delta;
    if (this.#waits) return;
    this.#waits = true;
    setTimeout(() => {
      this.#waits = false;
      this.#draw();
    }, PAUSE);
  }

  // One that is not among the words was written anew; the answer has it in its place.
  claim(claim) {
    const rest = after(this.#text, claim.text);
    if (rest === null) return;
    this.#text = rest;
    this.#claims.append(checked(claim, this.#held, this.as));
    this.#draw();
  }

  #draw() {
    this.#unchecked.textContent = this.#text.replace(LABEL, "");
  }
}

// What follows on a sentence in a text that may write it with other spaces, marks and labels; null where it is not.
function after(text, sentence) {
  const letters = [...text.replace(LABEL, (label) => " ".repeat(label.length)).matchAll(/[\p{L}\p{N}]/gu)];
  const wanted = sentence.match(/[\p{L}\p{N}]/gu)?.join("") ?? "";
  const start = letters.map((one) => one[0]).join("").indexOf(wanted);
  if (!wanted || start < 0) return null;
  const last = letters[start + wanted.length - 1].index;
  return text.slice(last + 1).replace(BEHIND, "");
}
