"""What the verifier says of claims that are reckoned from tables, and of tables that are hard to read."""

import pytest
from tests.flows.test_verification import evidence, verdict

ACCOUNTS = evidence(
    ("header", "(in thousands) | 2019 | 2018 | 2017"),
    ("table", "Gross fees | $613,300 | $421,632 | $400,100"),
    ("table", "Less: rebates | 91,200 | 88,100 | 85,000"),
    ("table", "Other income | 7,000 | 9,500 | 8,000"),
    ("table", "Total fees | $620,300 | $431,132 | $408,100"),
    ("table", "Costs as a % of total fees | 58.2% | 40.3% | 39.0%"),
    ("table", "Expected return | 2.0% | 3.6% | 4.0%"),
    ("table", "Net result | 542 | (762) | 96"),
)
LEASES = evidence(
    ("header", " |  | Leased Assets | "),
    ("header", " | 2019 | 2018 | 2017"),
    ("header", " | $M | $M | $M"),
    ("table", "Ships | 593 | 561 | 540"),
    ("table", "Cranes | 657 | 647 | 630"),
    ("table", " | 1,250 | 1,208 | 1,170"),
)
STAFF = evidence(
    ("header", "About | Entry | Since"),
    ("table", "Rolf Eberding | team leader, home visits | spring"),
    ("table", "Lena Dorfner | without a team | autumn"),
    ("paragraph", "Anna Quill was a nurse from 2004 to 2007 and led the ward from 2007 until 2010."),
)


@pytest.mark.parametrize(
    "claim",
    [
        "The nominal difference in other income between 2018 and 2019 was -$2,500 thousand.",
        "The average other income in 2019 was $8,250 thousand.",
        "The average expected return over the 3 year period from 2017 to 2019 was 3.2%.",
        "The percentage change in net result from 2018 to 2019 was -171.1%.",
        "The percentage change in the increase of other income from 2018 to 2019 was -26.3%.",
        "Gross fees exceeded rebates in FY2019.",
        "Gross fees came to $613,300 thousand in FY19.",
    ],
)
def test_what_follows_from_cells(claim: str) -> None:
    assert verdict(claim, ACCOUNTS) == "supported"


@pytest.mark.parametrize(
    "claim",
    [
        "Less: rebates exceeded Gross fees in 2019.",
        "Total fees was $431,132 thousand in 2019, up from $620,300 thousand in 2018.",
        "Expected return went down to 2.0% in 2019 compared with 2% in 2018.",
        "The change in gross fees and total fees between 2018 and 2019 was $7,000 thousand.",
        "The change in other income between 2017 and 2019 was $1,500 thousand.",
        "The difference between total fees and other income in 2019 was $627,300 thousand.",
        "The average of gross fees and other income for 2018 and 2019 was $310,150 thousand.",
    ],
)
def test_what_does_not_follow_from_cells(claim: str) -> None:
    assert verdict(claim, ACCOUNTS) != "supported"


def test_a_scale_in_a_sentence_beside_the_table() -> None:
    fees = evidence(
        ("paragraph", "Amounts are expressed in US $000's, except percentages."),
        ("header", " | 2019 | 2018"),
        ("table", "Gross fees | 613,300 | 421,632"),
    )
    assert verdict("Gross fees were $613,300 thousand in 2019.", fees) == "supported"


def test_what_a_column_is_called_does_not_make_its_numbers_changes() -> None:
    gains = evidence(
        ("header", " | Gain (Loss) Recognized 2019 | Gain (Loss) Recognized 2018"),
        ("table", "Swaps | $44.5 | $41.0"),
    )
    assert verdict("The change in swaps in 2019 from 2018 was $3.5.", gains) == "supported"
    assert verdict("The change in swaps in 2019 from 2018 was $44.5.", gains) != "supported"


@pytest.mark.parametrize(
    "claim",
    [
        "Ships came to $593 million in 2019.",
        "The leased assets in cranes were $657 million in 2019.",
        "The total leased assets came to $1,250 million in 2019.",
    ],
)
def test_a_table_whose_header_is_centred_and_whose_total_has_no_name(claim: str) -> None:
    assert verdict(claim, LEASES) == "supported"


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("For Rolf Eberding, Entry is team leader, home visits.", True),
        ("For Rolf Eberding, Entry is not team leader, home visits.", False),
        ("For Lena Dorfner, Entry is without a team.", True),
        ("Anna Quill led the ward from 2007 until 2010.", True),
        ("Anna Quill was a nurse from 2007 to 2004 and led the ward from 2007 until 2010.", False),
    ],
)
def test_denials_of_rows_and_spans_of_years(claim: str, expected: bool) -> None:
    assert (verdict(claim, STAFF) == "supported") is expected
