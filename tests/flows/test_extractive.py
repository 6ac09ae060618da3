"""Which sentences are chosen for an answer."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

from cairn import registry
from cairn.flows.answering.extractive import Draft, Extractive
from cairn.records import Tokens
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
    extractive = Extractive(registry.load("embedders", "hash", home=None), nothing, sentences=sentences)
    return asyncio.run(extractive(question, evidence))


def nothing(passages: Sequence[int], dimensions: int) -> dict[int, Tokens]:
    """Keep no passage's tokens."""
    return {}


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


class Reading:
    """Another embedder, which remembers what it was given to read."""

    def __init__(self) -> None:
        self._embedder = registry.load("embedders", "hash", home=None)
        self.token_dimensions = self._embedder.token_dimensions
        self.read: list[str] = []

    def count(self, texts: Sequence[str]) -> Any:
        return self._embedder.count(texts)

    def encode(self, texts: Sequence[str]) -> Any:
        self.read += texts
        return self._embedder.encode(texts)


def kept(*passages: Evidence, read: int = 1_000) -> Any:
    """Keep of each passage the tokens of its first characters, as ingest does."""
    embedder = registry.load("embedders", "hash", home=None)
    texts = [f"{one.context}\n{one.text}"[:read] for one in passages]
    tokens = dict(zip((int(one.id[1:]) for one in passages), embedder.encode(texts).tokens, strict=True))
    return lambda wanted, dimensions: {number: tokens[number] for number in wanted if number in tokens}


def test_what_was_read_when_it_was_embedded_is_not_read_again() -> None:
    question = "How many otters did the survey of 2025 count?"
    held = [
        passage(
            1, "Otters", "The otter survey of 2025 counted nine otters.", "They sleep in the den by day."
        ),
        passage(2, "Bats", "The bat survey of 2025 counted forty bats.", "A survey of otters is planned."),
    ]
    embedder = Reading()
    draft = asyncio.run(Extractive(embedder, kept(*held), sentences=2)(question, held))  # type: ignore[arg-type]
    assert embedder.read == [question]
    assert draft.claims == extract(question, *held).claims
    assert draft.confidence == extract(question, *held).confidence


def test_what_was_not_read_when_it_was_embedded_is_read_now() -> None:
    """A passage that no vector was made of yet, and the end of one that is longer than is read."""
    question = "How many otters and how many bats were counted?"
    new = passage(1, "Otters", "The otter survey counted nine otters.")
    long = passage(2, "Bats", "The bat survey began late in the year.", "It counted forty bats.")
    embedder = Reading()
    held = kept(long, read=len("Bats\nThe bat survey began late in the year.\nIt counted"))
    draft = asyncio.run(Extractive(embedder, held, sentences=2)(question, [new, long]))  # type: ignore[arg-type]
    assert sorted(embedder.read) == sorted(
        [question, "Otters\nThe otter survey counted nine otters.", "Bats\nIt counted forty bats."]
    )
    assert draft.claims == extract(question, new, long).claims


class Blocked:
    """Another embedder, which does not begin before it may."""

    def __init__(self) -> None:
        self._embedder = registry.load("embedders", "hash", home=None)
        self.token_dimensions = self._embedder.token_dimensions
        self.may = threading.Event()

    def count(self, texts: Sequence[str]) -> Any:
        return self._embedder.count(texts)

    def encode(self, texts: Sequence[str]) -> Any:
        self.may.wait()
        return self._embedder.encode(texts)


def test_who_waits_for_an_extraction_keeps_nobody_else_from_being_answered() -> None:
    embedder = Blocked()
    extractive = Extractive(embedder, nothing, sentences=1)  # type: ignore[arg-type]
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
