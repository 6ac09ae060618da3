"""Sentences, the check of a quotation, coverage, and what an abstention is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.flows.answering.confidence import Signals, probability
from cairn.flows.answering.units import LONGEST, units
from cairn.flows.answering.verification import verdict
from cairn.flows.answering.words import coverage, rarity, terms
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


def test_coverage_counts_rare_words_more() -> None:
    idf = rarity(["heat plan", "heat budget", "heat map"])
    question = terms("What is the heat budget?")
    assert coverage(question, terms("the budget"), idf) > coverage(question, terms("the heat"), idf)
    assert coverage(question, terms("heat budgets"), idf) == pytest.approx(1)


def test_nothing_found_is_never_probable() -> None:
    assert probability(Signals()) == 0
