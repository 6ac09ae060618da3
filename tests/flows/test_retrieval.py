"""Ranking, naming and diversity, as a person who searches would notice them."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cairn
from cairn.app import Session
from cairn.flows.retrieval.diversity import Diverse
from cairn.flows.retrieval.fusion import fuse
from cairn.operations.access import access_add
from cairn.records import Query, Scope
from cairn.types import Evidence, Filters, Locator

Run = Callable[[Awaitable[Any]], Any]
SECTIONS = ("earnings", "staff", "climate", "risks", "outlook", "board")


@pytest.fixture
def reports(run: Run, session: Session, folder: Path) -> Session:
    """Hold yearly reports of two companies that say nearly the same, each of several passages."""
    for company in ("Alpha Corp", "Beta Corp"):
        for year in (2022, 2023):
            parts = [
                f"## {section}\n\n{company} reports on {section} of {year}. " + f"{section} rose. " * 120
                for section in SECTIONS
            ]
            name = f"{company.replace(' ', '').upper()}_{year}_annual.md"
            (folder / name).write_text("\n\n".join(parts))
    (folder / "memo.md").write_text("A memo on earnings, staff and the report.")
    run(cairn.ingest(session, str(folder)))
    return session


def found(run: Run, session: Session, query: str) -> list[Evidence]:
    return list(run(cairn.search(session, query, k=5)).evidence)


def test_the_document_a_question_names_comes_first(run: Run, reports: Session) -> None:
    for company in ("Alpha Corp", "Beta Corp"):
        for year in ("2022", "2023", "FY22"):
            first = found(run, reports, f"What were the earnings of {company} in {year}?")[0]
            assert first.uri == f"{company.replace(' ', '').upper()}_20{year[-2:]}_annual.md"
            assert first.scores["name"] == 1


def test_ordinary_words_name_nothing(run: Run, reports: Session) -> None:
    for query in ("annual staff", "what is in the memo", "earnings in 2023"):
        assert all(evidence.scores["name"] == 0 for evidence in found(run, reports, query))


def test_a_named_document_that_may_not_be_read_is_not_named(run: Run, reports: Session, folder: Path) -> None:
    (folder / ".cairn-access").write_text("* allow everyone\nBETA* allow group:few\n")
    run(access_add(reports, "person:tomas"))
    run(cairn.ingest(reports, str(folder)))
    tomas = Session(app=reports.app, name="tomas")
    evidence = found(run, tomas, "Beta Corp earnings 2023")
    assert evidence and all("BETA" not in one.uri and one.scores["name"] == 0 for one in evidence)


VECTORS = st.lists(st.lists(st.floats(-1, 1), min_size=4, max_size=4), min_size=1, max_size=8)


@given(VECTORS, st.randoms())
def test_a_better_word_score_never_ranks_lower(rows: list[list[float]], chance: Any) -> None:
    vectors = np.array(rows, np.float32)
    question = np.array([1, 0, 0, 0], np.float32)
    words = [chance.random() for _ in rows]
    same = [0.0] * len(rows)
    scores = fuse(question, np.tile(vectors[:1], (len(rows), 1)), words, same)["rank"]
    for (word, score), (other_word, other_score) in permutations(zip(words, scores, strict=True), 2):
        assert score > other_score or word < other_word + 1e-4


def piece(number: int, document: int, page: int, name: float = 0.0) -> Evidence:
    return Evidence(
        id=f"p{number}",
        kind="passage",
        uri=str(document),
        title="",
        text="",
        locators=(Locator(page=page),),
        scores={"rank": -number, "name": name},
        document=document,
    )


def shown(pieces: list[Evidence], k: int, limit: int = 2) -> list[str]:
    async def retrieve(query: Query) -> list[Evidence]:
        return pieces[: query.k]

    scope = Scope(classes=None, filters=Filters())
    query = Query(text="x", scope=scope, readable=lambda _: True, k=k)
    return [one.id for one in asyncio.run(Diverse(retrieve, limit)(query))]


def test_one_passage_a_page_and_a_few_pages_a_document() -> None:
    pieces = [piece(1, 1, 1), piece(2, 1, 1), piece(3, 1, 2), piece(4, 1, 3), piece(5, 2, 1), piece(6, 3, 1)]
    assert shown(pieces, 4) == ["p1", "p3", "p5", "p6"]
    assert shown(pieces, 6) == ["p1", "p3", "p5", "p6", "p2", "p4"]


def test_a_named_document_may_fill_the_result() -> None:
    pieces = [piece(number, 1, number, name=1.0) for number in range(1, 6)] + [piece(6, 2, 1)]
    assert shown(pieces, 5) == ["p1", "p2", "p3", "p4", "p5"]
