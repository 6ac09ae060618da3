"""Written answers over the demo organisation's golden questions: how good they are, and what Cairn adds.

    make demo && python -m bench.written [EVERY [FIRST]]     # answers to every so many questions, by writer
    python -m bench.written speed [LIBRARY QUESTION...]   # before the first token, and for each

The writers are scripted (``tests/writers.py``): one that composes sentences from the evidence by rules, the
same with every second sentence spoiled in one respect, one without labels, one that writes garbage. They say
what Cairn makes of such writing, and nothing of how well a language model writes.
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter

from tests.writers import ScriptedChat, Sloppy, garbage, good, uncited

import cairn
from bench.sets import ROOT
from cairn.chat import Prompt
from cairn.flows.answering.drafting import Judge, drafted
from cairn.flows.answering.packing import Packed, pack
from cairn.flows.evaluation.golden import judge, read_cases, scores
from cairn.operations.questions import EVIDENCE
from cairn.session import Session, open_library
from cairn.types import Answer, Claim, Filters

GOLDEN = ROOT / "examples" / "organisation" / "golden.jsonl"
LIBRARY = ROOT / "demo" / "library"
TOKENS = 2_000
"""Of an answer whose cost in Cairn is measured token by token."""
RUNS = 20


def main() -> None:
    """Measure what is named on the command line."""
    if sys.argv[1:2] == ["speed"]:
        where, *questions = sys.argv[2:] if len(sys.argv) > 2 else [str(LIBRARY)]
        speed(Path(where), questions if questions else [case.question for case in read_cases(GOLDEN)][:RUNS])
    else:
        answers(*map(int, sys.argv[1:]))


def answers(every: int = 1, first: int = 0) -> None:
    """Print what becomes of each writer's answers to every so many of the golden questions."""
    sloppy = Sloppy()
    writers: dict[str, Callable[[Prompt], str] | None] = {
        "none: extracts": None,
        "grammar": good,
        "sloppy": sloppy,
        "without labels": uncited,
        "garbage": garbage,
    }
    names = ("answered", "facts", "abstained", "wrongly_abstained", "violations")
    print(f"| writer | {' | '.join(names)} | claims shown | withdrawn | spoiled and shown |")
    print("|" + "---|" * (len(names) + 4))
    for name, behaviour in writers.items():
        with open_library(LIBRARY) as session:
            session.app.__dict__["chat"] = None if behaviour is None else ScriptedChat(behaviour)
            session.app.settings._values["answer_cache_days"] = 0.0
            session.app.settings._values["unsupported"] = "show"
            shown, measures = asyncio.run(_asked(session, slice(first, None, every)))
        claims = [claim for answer in shown for claim in answer.claims]
        withdrawn = sum(len(answer.withdrawn) for answer in shown)
        spoiled = sum(_unsupported(claim, answer, sloppy) for answer in shown for claim in answer.claims)
        share = f"{spoiled} ({spoiled / max(len(claims), 1):.2%})"
        told = " | ".join(f"{measures[one]:.3f}" for one in names)
        print(f"| {name} | {told} | {len(claims)} | {withdrawn} | {share} |", flush=True)


def _unsupported(claim: Claim, answer: Answer, sloppy: Sloppy) -> bool:
    """Tell whether a claim was spoiled, or cites only what does not hold its words."""
    if claim.text in sloppy.spoiled:
        return True
    held = {one.id: " ".join(one.text.split()) for one in answer.evidence}
    said = " ".join(claim.text.rstrip(".").split())
    return claim.text in sloppy.misplaced and not any(said in held[one.evidence] for one in claim.citations)


async def _asked(session: Session, which: slice) -> tuple[list[Answer], dict[str, float]]:
    shown = list[Answer]()

    async def ask(person: str, question: str) -> Answer:
        answer = await cairn.ask(replace(session, name=person, actor=""), question)
        shown.append(answer)
        return answer

    outcomes = [await judge(case, ask) for case in read_cases(GOLDEN)[which]]
    return shown, scores(outcomes)


def speed(home: Path, questions: list[str]) -> None:
    """Print what Cairn takes before a model is asked, and of its own for each token."""
    with open_library(home) as session:
        before = asyncio.run(_before(session, questions))
        each = asyncio.run(_each(session, questions[0]))
    print(
        "| before the first token, ms | median | slowest | a token, ms | its longest |\n|---|---|---|---|---|"
    )
    print(f"| {home.name} | {median(before):.0f} | {max(before):.0f} | {each[0]:.3f} | {each[1]:.2f} |")


async def _before(session: Session, questions: list[str]) -> list[float]:
    """Return for each question the milliseconds from asking to the first characters told."""
    session.app.settings._values["answer_cache_likeness"] = 1.0
    took = list[float]()
    for round in range(2):  # the first wires and warms
        took.clear()
        for question in questions:
            session.app.__dict__["chat"] = ScriptedChat(good, name=f"round {round}")
            began, told = perf_counter(), list[float]()

            def tell(kind: str, _: object, began: float = began, told: list[float] = told) -> None:
                if kind == "text":
                    told.append(perf_counter() - began)

            await cairn.ask(replace(session, tell=tell), question)
            took += [told[0] * 1000] if told else []
    return took


async def _each(session: Session, question: str) -> tuple[float, float]:
    """Return the milliseconds that Cairn spends on a token of an answer, and between two of them at most.

    Each sentence is verified meanwhile, in a thread of its own.
    """
    app = session.app
    evidence = await app.read(app.grants("owner").query(question, EVIDENCE, Filters()))
    packed: Packed = pack(question, evidence, 6_000)
    held = evidence[0].text.split(". ")
    said = " ".join(f"{held[n % len(held)]} of {n} [e1]." for n in range(TOKENS // 12))
    chat, times = ScriptedChat(said, piece=4), list[float]()

    def check(text: str, cited: object, question: str = "") -> Claim:
        return Claim(text=text, citations=(), verdict="supported")

    judge_ = Judge(question=question, labelled=packed.labelled(), check=check, states=bool)
    prompt = Prompt(parts=(), purpose="answer", version="", asker="owner", most=100_000)
    began = perf_counter()
    await drafted(chat, prompt, judge_, lambda kind, value: times.append(perf_counter()))
    own = (perf_counter() - began) * 1000
    gaps = [(b - a) * 1000 for a, b in pairwise(times)]
    return own / (len(said) / 4), max(gaps)


if __name__ == "__main__":
    main()
