"""A stream of text to sentences with what they cite, however it comes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.flows.answering.sentences import Sentence, Sentences


def read(text: str, *cuts: int) -> list[tuple[str, tuple[str, ...]]]:
    """Return the sentences of a text that comes in pieces."""
    collected, found, begin = Sentences(), list[Sentence](), 0
    for cut in (*sorted(cuts), len(text)):
        found += collected.feed(text[begin:cut])
        begin = max(begin, cut)
    return [tuple(one) for one in found + collected.end()]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It cost 3.5 million [e1]. Then more [e2].", [("It cost 3.5 million.", "e1"), ("Then more.", "e2")]),
        ("It cost 4. [e1] Then more. [e2][e3]", [("It cost 4.", "e1"), ("Then more.", "e2 e3")]),
        ("One.[e1, e2] Two.[e3; e4]", [("One.", "e1 e2"), ("Two.", "e3 e4")]),
        ("One【e1】. Two (e2). Three [E3 e4].", [("One.", "e1"), ("Two.", "e2"), ("Three.", "e3 e4")]),
        ("[e1] One. [e2] Two.", [("One.", "e1"), ("Two.", "e2")]),
        ("One.\n[e1]\n\nTwo.\n[e2][e3]", [("One.", "e1"), ("Two.", "e2 e3")]),
        ("Costs:\n[e1] One is 5.", [("Costs:", ""), ("One is 5.", "e1")]),
        ("## Costs\n\nIt is 5 [e1].", [("It is 5.", "e1")]),
        ("**Costs**\n- It is *5* [e1]\n- `Six` **more** [e2]", [("It is 5", "e1"), ("Six more", "e2")]),
        ("1. One [e1].\n2. Two [e2].", [("One.", "e1"), ("Two.", "e2")]),
        ("| a | b |\n|---|---|\n| 1. x | 2 [e1] |", [("a | b", ""), ("1. x | 2", "e1")]),
        ("Dr. Weber saw e.g. the U.S. plan [e1]. Mr. A. Sand did not [e2].",
         [("Dr. Weber saw e.g. the U.S. plan.", "e1"), ("Mr. A. Sand did not.", "e2")]),
        ("Das gilt ab 1. Juni 2025 [e1]. Danach nicht [e2].",
         [("Das gilt ab 1. Juni 2025.", "e1"), ("Danach nicht.", "e2")]),
        ("熱中症です[e1]。水を飲む。[e2]", [("熱中症です。", "e1"), ("水を飲む。", "e2")]),
        ("Is it? Yes! [e1] Well... maybe [e2]", [("Is it?", ""), ("Yes!", "e1"), ("Well... maybe", "e2")]),
        ('He said "Stop." [e1] She (2020) did.', [('He said "Stop."', "e1"), ("She (2020) did.", "")]),
        ("See ![x](http://a/?q=1) and [here](http://b) [e1].",
         [("See ![x] (http://a/?q=1) and [here] (http://b).", "e1")]),
        ("One <img src=x> [e1].", [("One < img src=x>.", "e1")]),
        ("One [e1].\n\n[e2]", [("One.", "e1")]),
        ("", []),
        ("NO ANSWER", [("NO ANSWER", "")]),
        ("It cost 12 [e1", [("It cost 12 [e1", "")]),
    ],
)  # fmt: skip
def test_sentences_and_what_they_cite(text: str, sentences: list[tuple[str, str]]) -> None:
    assert read(text) == [(said, tuple(cited.split())) for said, cited in sentences]


WORDS = ["The plan", " costs 3.5", " million", "Dr.", "e.g. ", "a", "Z", "5", "水を"]
LABELS = ["[e1]", " [e2, e3]", "【e4】", "(e5)", "[", "e1", "]", "(", "[1]"]
MARKS = [".", "!", "…", "。", "”", " ", "\n", "\n\n", "- ", "1. ", "## ", "**", "<", "|", "| a | b |\n"]
PIECES = st.sampled_from([*WORDS, *LABELS, *MARKS])


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join), st.lists(st.integers(0, 200), max_size=12))
def test_however_a_text_is_divided_it_says_the_same(text: str, cuts: list[int]) -> None:
    assert read(text, *(min(cut, len(text)) for cut in cuts)) == read(text)
    assert read(text, *range(len(text))) == read(text)


def test_a_sentence_comes_out_as_soon_as_the_next_begins() -> None:
    collected = Sentences()
    assert collected.feed("It costs 5 [e1]. ") == []
    assert collected.feed("I") == [Sentence("It costs 5.", ("e1",))]


def test_what_never_ends_is_cut() -> None:
    assert [len(text) for text, _ in read("x" * 4_500)] == [2_000, 2_000, 500]
