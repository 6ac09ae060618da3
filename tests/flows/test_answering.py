"""Sentences, the check of a quotation, coverage, and what an abstention is."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.adapters.embedders import hash as hash_embedder
from cairn.flows.answering.confidence import Signals, probability
from cairn.flows.answering.extractive import Draft, Extractive
from cairn.flows.answering.units import LONGEST, units
from cairn.flows.answering.verification import verdict
from cairn.flows.answering.words import coverage, rarity, tells_number, terms, weights, years
from cairn.types import Anchor, Evidence, Locator


def evidence(*parts: tuple[str, str]) -> Evidence:
    """Return a passage of (kind, text) parts, a line each."""
    anchors, start = [], 0
    for kind, text in parts:
        anchors.append(Anchor(start, start + len(text), Locator(), kind))  # type: ignore[arg-type]
        start += len(text) + 1
    text = "\n".join(text for _, text in parts)
    return Evidence(
        id="p1", kind="passage", uri="a", title="A", text=text, locators=(), scores={}, anchors=tuple(anchors)
    )


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("It cost 4.2 million. Then more.", ["It cost 4.2 million.", "Then more."]),
        (
            "Dr. Quill and Mrs. Sand met at 3 p.m. on Monday.",
            ["Dr. Quill and Mrs. Sand met at 3 p.m. on Monday."],
        ),
        ("See Fig. 3 for it. It is clear.", ["See Fig. 3 for it.", "It is clear."]),
        ('He said "Stop." She did.', ['He said "Stop."', "She did."]),
        ("熱中症。水を飲む。", ["熱中症。", "水を飲む。"]),
        ("Das gilt ab 1. Juni 2025. Danach nicht.", ["Das gilt ab 1. Juni 2025.", "Danach nicht."]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert [unit.text for unit in units([evidence(("paragraph", text))])] == sentences


def test_rows_know_their_header_and_headings_are_not_quoted() -> None:
    found = units(
        [
            evidence(
                ("heading", "Costs"), ("header", "item | EUR"), ("table", "fans | 12"), ("table", "ice | 3")
            )
        ]
    )
    assert [(unit.text, unit.header, unit.heading) for unit in found] == [
        ("fans | 12", "item | EUR", "Costs"),
        ("ice | 3", "item | EUR", "Costs"),
    ]


@given(st.text(max_size=2000))
def test_a_unit_is_verbatim_and_short(text: str) -> None:
    for unit in units([evidence(("paragraph", text))] if text else []):
        assert unit.text == text[unit.start : unit.end] and 0 < len(unit.text) <= LONGEST


def test_a_quotation_is_checked_whatever_its_typography() -> None:
    assert verdict("the board’s  decision", 'By the Board\'s decision "now"') == "supported"
    assert verdict("4.3 million", "it cost 4.2 million") == "not found"
    assert verdict("  ", "anything") == "not found"


def among(wanted: list[str]) -> dict[str, float]:
    """Return how rare these terms are among three texts that speak of heat."""
    return rarity(wanted, [terms(said) for said in ("heat plan", "heat budget", "heat map")])


def test_coverage_counts_rare_words_more() -> None:
    idf = among(terms("What is the heat budget?"))
    assert coverage(idf, terms("the budget")) > coverage(idf, terms("the heat"))
    assert coverage(idf, terms("heat budgets")) == pytest.approx(1)


def test_nothing_found_is_never_probable() -> None:
    assert probability(Signals()) == 0


def test_a_word_counts_by_its_rarity_and_its_tokens_share_it() -> None:
    question = "What heat budget?"
    what, heat, bud, get, mark = weights(question, [0, 5, 10, 13, 16], among(terms(question)))
    assert what == mark == 0
    assert bud == get > heat / 2 > 0
    assert heat + bud + get == pytest.approx(1)


def test_a_question_of_function_words_alone_is_matched_as_a_whole() -> None:
    assert weights("Who is it?", [0, 4, 7, 9], {}) == [0.25] * 4
    assert weights("", [], {}) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("in 2025, we", {"2025"}),
        ("costs 2,025 or 2025.5", set()),
        ("outturn-2025.pdf of 2024.", {"2025", "2024"}),
    ],
)
def test_years(text: str, told: set[str]) -> None:
    assert years(text) == told


def test_a_number_of_the_question_is_no_answer() -> None:
    assert not tells_number("In 2025 it grew.", "How much did it cost in 2025?")
    assert tells_number("In 2025 it cost 2,025.", "How much did it cost in 2025?")
    assert tells_number("It is open for five days.", "How many days?")


def test_the_sentence_that_matches_every_word_is_first() -> None:
    plan = (
        "paragraph",
        "The plan counts cool rooms. The budget of the plan is 4 million. Visitors go in pairs.",
    )
    draft = _extracted("What is the budget of the plan?", evidence(plan))
    assert draft.claims[0].text == "The budget of the plan is 4 million."
    assert draft.signals.matched == pytest.approx(1)
    assert (draft.signals.year, draft.signals.number) == (0, 0)


def test_a_year_may_stand_in_the_document_name() -> None:
    held = evidence(("paragraph", "The budget of the plan is 40 this year."))
    asked = "What was the budget of the plan in 2025?"
    assert _extracted(asked, held).signals.year == 1
    assert _extracted(asked, replace(held, uri="finance/plan-2025.pdf")).signals.year == 0
    assert _extracted(asked, held).confidence < _extracted(asked, replace(held, title="Plan 2025")).confidence


def test_nothing_is_extracted_of_nothing() -> None:
    assert _extracted("What is the budget?").claims == ()
    assert _extracted("?!", evidence(("paragraph", "The budget of the plan is 40."))).confidence < 0.5


def _extracted(question: str, *found: Evidence) -> Draft:
    extract = Extractive(hash_embedder.load("", home=Path()), lambda passages, dimensions: {}, sentences=4)
    return asyncio.run(extract(question, found))
