"""Which sentences are chosen for an answer."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

from cairn import registry
from cairn.flows.answering.extractive import Draft, Extractive
from cairn.types import Anchor, Evidence, Locator


def passage(number: int, context: str, *lines: str) -> Evidence:
    anchors, start = [], 0
    for line in lines:
        anchors.append(Anchor(start, start + len(line), Locator(lines=(len(anchors), len(anchors)))))
        start += len(line) + 1
    return Evidence(
        id=f"p{number}",
        kind="passage",
        uri=f"{number}.md",
        title=context,
        text="\n".join(lines),
        locators=(),
        scores={"rank": 0.5, "vectors": 0.5},
        context=context,
        anchors=tuple(anchors),
    )


def extract(question: str, *evidence: Evidence, sentences: int = 2) -> Draft:
    extractive = Extractive(registry.load("embedders", "hash", home=None), sentences=sentences)
    return asyncio.run(extractive(question, evidence))


def said(draft: Draft) -> list[str]:
    return [claim.text for claim in draft.claims]


def test_a_sentence_of_another_year_does_not_come_first() -> None:
    lines = ("In 2023 the heat budget was set at 3 million.", "The budget set for 2025 is 4 million in all.")
    draft = extract("What heat budget was set in 2025?", passage(1, "Budget", *lines))
    assert said(draft)[0] == lines[1]
    draft = extract("What heat budget was set in 2023?", passage(1, "Budget", *lines))
    assert said(draft)[0] == lines[0]


def test_a_line_that_only_repeats_its_title_is_no_answer() -> None:
    draft = extract(
        "What is the heat action plan?",
        passage(1, "Heat action plan 2025", "Heat action plan 2025", "It says who waters the otters."),
    )
    assert said(draft) == ["It says who waters the otters."]


def test_the_same_sentence_is_quoted_once_and_few_of_one_passage() -> None:
    same = "The otter den opens at nine each day."
    more = (same, "The otter den closes at five each day.", "The otter den opens late each winter day.")
    draft = extract(
        "When does the otter den open?", passage(1, "A", *more), passage(2, "B", same), sentences=4
    )
    assert said(draft).count(same) == 1
    assert sum(claim.citations[0].uri == "1.md" for claim in draft.claims) <= 2


def test_of_no_evidence_nothing_is_said() -> None:
    draft = extract("When does the otter den open?")
    assert (draft.claims, draft.confidence) == ((), 0.0)


class Blocked:
    """Another embedder, which does not begin before it may."""

    def __init__(self) -> None:
        self._embedder = registry.load("embedders", "hash", home=None)
        self.may = threading.Event()

    def count(self, texts: Sequence[str]) -> Any:
        return self._embedder.count(texts)

    def tokens(self, texts: Sequence[str]) -> Any:
        self.may.wait()
        return self._embedder.tokens(texts)


def test_who_waits_for_an_extraction_keeps_nobody_else_from_being_answered() -> None:
    embedder = Blocked()
    extractive = Extractive(embedder, sentences=1)  # type: ignore[arg-type]
    held = [passage(1, "Otters", "The otter survey counted nine otters.")]

    async def ask() -> None:
        asked = [asyncio.create_task(extractive("How many otters?", held)) for _ in range(64)]
        await asyncio.sleep(0)
        try:
            assert await asyncio.wait_for(asyncio.to_thread(str, 9), 20) == "9"
        finally:
            embedder.may.set()
            await asyncio.gather(*asked)

    asyncio.run(ask())
