"""How numbers, units and dates are read, in what people write and in what nobody should."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.flows.answering.verification.dates import dates
from cairn.flows.answering.verification.names import codes, names
from cairn.flows.answering.verification.quantities import Quantity, quantities


def read(text: str) -> list[Quantity]:
    said = dates(text)
    return quantities(text, [(one.start, one.end) for one in (*said, *codes(text))])


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("1,204 visits", 1204, ""),
        ("EUR 4.2 million", 4_200_000, "EUR"),
        ("$5bn", 5e9, "USD"),
        ("€1.035m", 1_035_000, "EUR"),
        ("3,5 Mio. Euro", 3_500_000, "EUR"),
        ("1.204,50 Euro", 1204.5, "EUR"),
        ("8 000 habitants", 8000, ""),
        ("6.3 per cent", 6.3, "%"),
        ("2 percentage points", 2, "pp"),
        ("50 basis points", 0.5, "pp"),
        ("90 minutes", 5400, "s"),
        ("twenty-seven beds", 27, ""),
        ("zweiundzwanzig Betten", 22, ""),
        ("two hundred people", 200, ""),
        ("at 16:30", 990, "clock"),
        ("٣٤ visits", 34, ""),
    ],
)
def test_a_number_and_its_unit(text: str, value: float, unit: str) -> None:
    (found,) = read(text)
    assert math.isclose(found.value, value)
    assert found.unit == unit


def test_thousands_in_one_country_are_decimals_in_another() -> None:
    (found,) = read("8.000 Liter")
    assert found.readings == (8.0, 8000.0)


def test_both_ends_of_a_range_have_the_unit() -> None:
    assert [(one.value, one.unit) for one in read("3 to 5 km")] == [(3000, "m"), (5000, "m")]
    assert [(one.value, one.unit) for one in read("3-5 %")] == [(3, "%"), (5, "%")]


@pytest.mark.parametrize("cell", ["(61)", "−61", "-61", "$(61)"])
def test_a_ledger_writes_what_is_negative_in_several_ways(cell: str) -> None:
    assert read(cell)[0].value == -61


@pytest.mark.parametrize("text", ["PRO/25/T-03", "PV-40185", "Form 10-K", "IAS 21", "COVID-19"])
def test_codes_are_no_numbers(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    ("claim", "true", "states"),
    [
        ("1.2 thousand", 1204, True),
        ("about 1,200", 1204, True),
        ("1,200", 1204, False),
        ("1,204", 1204.0, True),
        ("more than 1,000", 1050, True),
        ("more than 1,000", 950, False),
        ("nearly 1,000", 1050, True),
        ("EUR 214.5 million", 214_535_000, True),
        ("EUR 215.0 million", 214_535_000, False),
        ("a third of", 33.1, True),
        ("about 1,200", 1500, False),
    ],
)
def test_what_is_a_true_way_to_say_a_number(claim: str, true: float, states: bool) -> None:
    assert read(claim + " things")[0].states(true) is states


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("19 June 2025", (2025, 6, 19, None)),
        ("June 19, 2025", (2025, 6, 19, None)),
        ("2025-06-19", (2025, 6, 19, None)),
        ("19.06.2025", (2025, 6, 19, None)),
        ("5. Mai 2025", (2025, 5, 5, None)),
        ("1er mai", (None, 5, 1, None)),
        ("2025年6月19日", (2025, 6, 19, None)),
        ("December 31,2018", (2018, 12, 31, None)),
        ("May 2025", (2025, 5, None, None)),
        ("Q3 2025", (2025, None, None, 3)),
        ("FY19", (2019, None, None, None)),
        ("2018/19", (2019, None, None, None)),
        ("2017/2018", (2018, None, None, None)),
        ("in 2019", (2019, None, None, None)),
    ],
)
def test_dates(text: str, said: tuple[int | None, ...]) -> None:
    (found,) = dates(text)
    assert (found.year, found.month, found.day, found.quarter) == said


def test_names_are_what_prose_would_not_capitalise() -> None:
    text = "The building in Morvane was sold by Amina Solberg; see PRO/25/T-03."
    coded = codes(text)
    named = names(text, [(one.start, one.end) for one in coded])
    assert {one.text for one in (*named, *coded)} == {"Morvane", "Amina Solberg", "PRO/25/T-03"}


@given(st.floats(0.01, 1e9), st.integers(0, 3))
def test_a_number_states_itself_however_it_is_grouped(value: float, decimals: int) -> None:
    value = round(value, decimals)
    (found,) = read(f"{value:,.{decimals}f}")
    assert found.states(value)


@given(st.integers(10_000, 10**9))
def test_a_rounding_to_millions_or_thousands_is_true_and_twice_that_is_not(value: int) -> None:
    (found,) = read(f"{value / 1000:.1f} thousand")
    assert found.states(value)
    assert not found.states(2 * value)


@given(st.text(max_size=400))
def test_any_text_can_be_read(text: str) -> None:
    for one in read(text):
        assert 0 <= one.start < one.end <= len(text)
        assert one.readings
    for date in dates(text):
        assert 0 <= date.start < date.end <= len(text)
    names(text)


@pytest.mark.parametrize(
    "text",
    [
        "9" * 100_000,
        "1," * 50_000,
        "(" * 100_000,
        "A" * 100_000,
        "a." * 50_000,
        "Jan " * 25_000,
        "one " * 25_000,
    ],
)
def test_a_long_text_without_sense_is_read_all_the_same(text: str) -> None:
    read(text[:100_000])
    names(text[:20_000])
