"""What the verifier says of claims: supported, or not and why."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cairn import registry
from cairn.chat import Delta, Done, Event, Prompt, Usage
from cairn.errors import ModelFailed
from cairn.flows.answering.opinion import SecondOpinion
from cairn.flows.answering.prompting import Prompts
from cairn.flows.answering.units import units
from cairn.flows.answering.verification import Verifier, states
from cairn.types import Anchor, Evidence, Locator

EMBEDDER = registry.load("embedders", "hash", home=None)
VERIFIER = Verifier(EMBEDDER)


def evidence(*parts: tuple[str, str], title: str = "Report", id: str = "p1") -> Evidence:
    """Return a passage of (kind, text) parts, a line each."""
    anchors, start = [], 0
    for number, (kind, text) in enumerate(parts, 1):
        at = Locator(lines=(number, number))
        anchors.append(Anchor(start, start + len(text), at, kind))  # type: ignore[arg-type]
        start += len(text) + 1
    return Evidence(
        id=id,
        kind="passage",
        uri=f"{id}.md",
        title=title,
        text="\n".join(text for _, text in parts),
        locators=(),
        scores={},
        context=title,
        anchors=tuple(anchors),
    )


SALES = evidence(
    ("heading", "Sales by contract type (in millions)"),
    ("header", " | 2019 | 2018"),
    ("table", "Fixed price | $ 1,452.4 | $ 1,146.2"),
    ("table", "Other | 44.1 | 56.7"),
    ("table", "Total sales | $ 1,496.5 | $ 1,202.9"),
)
AUDIT = evidence(
    ("paragraph", "Nine recommendations were made in 2024, and two of them are still open."),
    ("paragraph", "Single-tender awards have fallen from fourteen to five."),
    ("paragraph", "Leopold Anstey reported for the Audit Committee on 26 February 2026."),
    ("paragraph", "Invoices were paid on average 27 days after receipt, against 31 days the year before."),
    ("paragraph", "The building in Morvane was sold by Amina Solberg for EUR 655,000."),
    ("paragraph", "Working from abroad is not permitted."),
    ("paragraph", "Coastal wards are hotter than inland wards."),
    ("paragraph", "Fire Doors: the hinges of all fire doors were replaced by Northgate Ltd (Northgate)."),
    ("paragraph", "The Dry Risers were not tested."),
    ("paragraph", "Mira Solheim joined Old Harbour in 2014 and led Old Harbour Labs."),
    ("paragraph", "The Ward Kitchen opened in May."),
)


def verdict(claim: str, *cited: Evidence) -> str:
    return VERIFIER.check(claim, cited).verdict


@pytest.mark.parametrize(
    "claim",
    [
        "Total sales came to $1,496.5 million in 2019.",
        "In 2019, total sales were about $1.5 billion.",
        "Other sales fell from $56.7 million in 2018 to $44.1 million in 2019.",
        "Other was $44.1 million in 2019, down from $56.7 million a year earlier.",
        "Fixed price was $1,452.4 million and Other $44.1 million in 2019.",
        "Fixed price and Other were $1,452.4 million and $44.1 million in 2019.",
        "Other was $44.1 million and $56.7 million in 2019 and 2018, respectively.",
        "Other declined by $12.6 million between 2018 and 2019.",
        "Other decreased by 22.2% from 2018 to 2019.",
        "Fixed price made up 97.1% of total sales in 2019.",
        "Other was lower in 2019 than in 2018.",
        "Fixed price exceeded Other in 2019.",
        "Together, Fixed price and Other came to $1,202.9 million in 2018.",
        "On average, total sales were $1,349.7 million in 2018 and 2019.",
    ],
)
def test_what_a_table_says(claim: str) -> None:
    assert verdict(claim, SALES) == "supported"


@pytest.mark.parametrize(
    "claim",
    [
        "Total sales came to $1,496.5 million in 2018.",
        "Total sales came to $1,202.9 million in 2019.",
        "Total sales came to $1,452.4 million in 2019.",
        "Other came to $1,496.5 million in 2019.",
        "Total sales came to $1,496.5 billion in 2019.",
        "Total sales came to €1,496.5 million in 2019.",
        "Total sales came to $1,496.5 million in 2017.",
        "Other rose from $56.7 million in 2018 to $44.1 million in 2019.",
        "Other fell from $44.1 million in 2018 to $56.7 million in 2019.",
        "Other increased by $12.6 million between 2018 and 2019.",
        "Other decreased by 28.6% from 2018 to 2019.",
        "Fixed price made up 95.3% of total sales in 2019.",
        "Other was higher in 2019 than in 2018.",
        "Other exceeded Fixed price in 2019.",
        "Other and Fixed price were $1,452.4 million and $44.1 million in 2019.",
        "Other was $44.1 million and $56.7 million in 2018 and 2019, respectively.",
        "The change in Other between 2018 and 2019 was $44.1 million.",
        "Together, Fixed price and Other came to $1,300 million in 2018.",
    ],
)
def test_what_a_table_does_not_say(claim: str) -> None:
    assert verdict(claim, SALES) != "supported"


@pytest.mark.parametrize(
    "claim",
    [
        "Of the 9 recommendations made in 2024, 2 are still open.",
        "Single-tender awards fell to 5 from 14.",
        "The building in Morvane was sold for €655,000.",
        "On February 26, 2026 Leopold Anstey reported for the Audit Committee.",
        "Invoices were paid 27 days after receipt on average.",
        "Working from abroad is not permitted.",
        "Inland wards are cooler than coastal wards.",
        "Northgate replaced the hinges of all fire doors.",
        "In 2014 Mira Solheim joined Old Harbour.",
    ],
)
def test_what_sentences_say_in_other_words(claim: str) -> None:
    assert verdict(claim, AUDIT) == "supported"


@pytest.mark.parametrize(
    "claim",
    [
        "Of the 9 recommendations made in 2024, 5 are still open.",
        "Of the 9 recommendations made in 2023, 2 are still open.",
        "Single-tender awards have risen from five to fourteen.",
        "Single-tender awards have fallen from five to fourteen.",
        "The building in Morvane was sold for USD 655,000.",
        "The building in Ostrel was sold by Amina Solberg for EUR 655,000.",
        "The building in Morvane was sold by Leopold Anstey for EUR 655,000.",
        "The building in Morvane was not sold by Amina Solberg for EUR 655,000.",
        "Leopold Anstey reported for the Audit Committee on 26 March 2026.",
        "Invoices were paid on average 31 days after receipt, against 27 days the year before.",
        "Invoices were paid on average 27 weeks after receipt.",
        "Working from abroad is permitted.",
        "Inland wards are hotter than coastal wards.",
        "Dry Risers: the hinges of all fire doors were replaced by Northgate Ltd.",
        "Mira Solheim joined Ward Kitchen in 2014 and led Old Harbour Labs.",
        "The Board approved the budget of the otter survey.",
    ],
)
def test_what_sentences_do_not_say(claim: str) -> None:
    assert verdict(claim, AUDIT) != "supported"


def test_verdicts_and_reasons_tell_what_is_wrong() -> None:
    claim = VERIFIER.check("Total sales came to $1,202.9 million in 2019.", [SALES])
    assert claim.verdict == "contradicted"
    assert "$1,202.9 million" in claim.reason
    claim = VERIFIER.check("Total sales came to $1,496.5 million in 2019, of which 37% by mail.", [SALES])
    assert claim.verdict == "partly"
    assert "37%" in claim.reason
    assert verdict("The otter sleeps in the den.", SALES) == "not found"
    assert VERIFIER.check("Total sales were $1,496.5 million in 2019.", [SALES]).reason == ""


def test_a_claim_that_cites_nothing_is_not_found() -> None:
    claim = VERIFIER.check("Otters sleep.", [])
    assert (claim.verdict, claim.reason, claim.citations) == ("not found", "nothing is cited", ())


def test_each_cited_evidence_has_its_words_and_its_own_verdict() -> None:
    other = evidence(("paragraph", "Otters sleep in dens by the brook."), id="p2")
    claim = VERIFIER.check("Total sales were $1,496.5 million in 2019.", [SALES, other])
    assert claim.verdict == "supported"
    first, second = claim.citations
    assert (first.evidence, first.quote, first.verdict) == (
        "p1",
        "Total sales | $ 1,496.5 | $ 1,202.9",
        "supported",
    )
    assert first.locators[0].lines == (5, 5)
    assert (second.evidence, second.verdict) == ("p2", "not found")


def test_a_claim_may_rest_on_two_evidences() -> None:
    claim = "Total sales were $1,496.5 million in 2019, and the building in Morvane was sold for EUR 655,000."
    assert verdict(claim, SALES, AUDIT) == "supported"
    assert verdict(claim, SALES) != "supported"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("The budget is EUR 3 million.", True),
        ("Here is what I found:", False),
        ("What was the budget?", False),
        ("", False),
        ("...", False),
        ("[e1][e3]", False),
        ("Die Station hat 22 Betten. [e2]", True),
    ],
)
def test_what_states_something(text: str, told: bool) -> None:
    assert states(text) is told


WORDS = """
otter heron brook 12 4.5 Morvane not rose fell from to in 2024 million percent Anna Quill
"""
SENTENCE = st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=14).map(
    lambda words: " ".join(words).capitalize() + "."
)


@given(st.lists(SENTENCE, min_size=1, max_size=5))
@settings(deadline=None)
def test_what_stands_there_word_for_word_is_supported(sentences: list[str]) -> None:
    held = evidence(*(("paragraph", sentence) for sentence in sentences))
    for unit in units([held]):
        assert verdict(unit.text, held) == "supported"


@given(st.integers(100, 99_999), st.integers(0, 3))
@settings(deadline=None)
def test_a_number_that_stands_nowhere_is_never_supported(number: int, row: int) -> None:
    label, value = [
        ("Fixed price", "1,452.4"),
        ("Other", "44.1"),
        ("Total sales", "1,496.5"),
        ("Other", "56.7"),
    ][row]
    if number in (1452, 1146, 1496, 1202, 1203, 1497):
        return
    year = 2018 if value == "56.7" else 2019
    assert verdict(f"{label} came to ${value} million in {year}.", SALES) == "supported"
    assert verdict(f"{label} came to ${number:,} million in {year}.", SALES) != "supported"


@given(st.text(max_size=300), st.text(max_size=300))
@settings(deadline=None)
def test_any_claim_of_any_evidence_has_a_verdict(text: str, held: str) -> None:
    claim = VERIFIER.check(text, [evidence(("paragraph", held))])
    assert claim.verdict in ("supported", "partly", "not found", "contradicted")
    assert len(claim.citations) == 1


@pytest.mark.parametrize("text", ["9 " * 50_000, "(" * 100_000, "A" * 100_000, "not " * 25_000, "\ud800 5"])
def test_hostile_claims_and_evidence(text: str) -> None:
    assert verdict(text, SALES) == "not found"
    verdict("Total sales were $1,496.5 million in 2019.", evidence(("paragraph", text[:20_000])))


def test_many_threads() -> None:
    claims = ["Other was $44.1 million in 2019.", "Other was $44.1 million in 2018."] * 8
    with ThreadPoolExecutor(4) as pool:
        assert (
            list(pool.map(lambda claim: verdict(claim, SALES), claims)) == ["supported", "contradicted"] * 8
        )


def test_what_words_alone_bear_out_costs_no_embedding() -> None:
    verifier = Verifier(None)  # type: ignore[arg-type]  # it would fail if it were asked
    claim = "Nine recommendations were made in 2024, and two of them are still quite open."
    assert verifier.check(claim, [AUDIT]).verdict == "supported"


class Entails:
    """An entailment model with one answer."""

    name = "fake"

    def __init__(self, supports: float, denies: float) -> None:
        self.pairs: list[tuple[str, str]] = []
        self._scores = (supports, denies)

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        self.pairs += pairs
        return np.array([self._scores] * len(pairs), np.float32)


def test_an_entailment_model_supports_paraphrases_and_denies_but_never_overrules_a_number() -> None:
    paraphrase = "Staff must not telework in a foreign country."
    assert verdict(paraphrase, AUDIT) != "supported"
    assert Verifier(EMBEDDER, entailment=Entails(0.9, 0.05)).check(paraphrase, [AUDIT]).verdict == "supported"
    model = Entails(0.05, 0.9)
    assert (
        Verifier(EMBEDDER, entailment=model).check("Otters fell ill in Morvane.", [AUDIT]).verdict
        == "contradicted"
    )
    assert model.pairs[0][1] == "Otters fell ill in Morvane."
    wrong = "Total sales came to $1,202.9 million in 2019."
    assert Verifier(EMBEDDER, entailment=Entails(0.99, 0.0)).check(wrong, [SALES]).verdict == "contradicted"


class Judge:
    """A language model with one answer."""

    name = "fake:judge"

    def __init__(self, *said: str) -> None:
        self.prompts: list[Prompt] = []
        self._said = said

    async def stream(self, prompt: Prompt) -> AsyncIterator[Event]:
        self.prompts.append(prompt)
        if not self._said:
            raise ModelFailed("down")
        for text in self._said:
            yield Delta(text)
        yield Done(Usage(), self.name)


TRUE = "Other was $44.1 million in 2019."


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (('{"verdict": "supp', 'orted", "reason": "it says so"}'), "supported"),
        (('{"verdict": "not supported", "reason": "it does not"}',), "not found"),
        (('{"verdict": "contradicted", "reason": "no"}',), "contradicted"),
        (("I think it is fine",), "supported"),
        (('{"verdict": "perfect", "reason": ""}',), "supported"),
        ((), "supported"),
    ],
)
def test_a_second_opinion_may_take_support_away(said: tuple[str, ...], expected: str) -> None:
    opinion = SecondOpinion(chat=Judge(*said), prompts=Prompts(None), asker="amina")
    assert asyncio.run(opinion(VERIFIER.check(TRUE, [SALES]), [SALES])).verdict == expected


def test_a_second_opinion_sees_evidence_as_data() -> None:
    model = Judge('{"verdict": "supported", "reason": ""}')
    opinion = SecondOpinion(chat=model, prompts=Prompts(None), asker="amina")
    asyncio.run(opinion(VERIFIER.check(TRUE, [SALES]), [SALES]))
    (prompt,) = model.prompts
    assert (prompt.purpose, prompt.asker) == ("judge", "amina")
    assert prompt.schema is not None
    assert [part.origin for part in prompt.parts] == ["system", "evidence", "question"]
