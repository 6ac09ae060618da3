"""The rule file under everything hypothesis can write."""

from hypothesis import given
from hypothesis import strategies as st

from cairn.access import NOBODY, Readers
from cairn.adapters.sources import rules
from cairn.errors import Invalid

WORDS = st.sampled_from(
    [
        "*",
        "a/",
        "a/*.md",
        "!x",
        "[z",
        '"q q"',
        '"',
        "#",
        "allow",
        "deny",
        "require",
        "everyone",
        "person:a",
        "group:b",
        "group:",
        "x",
    ]
)


@given(st.lists(st.lists(WORDS, max_size=6).map(" ".join), max_size=5).map("\n".join) | st.text(max_size=80))
def test_any_text_is_read_or_refused_with_its_place(text: str) -> None:
    try:
        read = rules.parse(text, "rules")
    except Invalid as error:
        _, line, column, _ = str(error).split(":", 3)
        assert 1 <= int(line) <= len(text.splitlines()) and int(column) >= 1
    else:
        assert all(isinstance(rule.readers, Readers) for rule in read)
        assert rules.readers("some/file.md", (("", read),)) in [NOBODY, *(rule.readers for rule in read)]


@given(st.permutations(["* allow everyone", "hr/ allow group:hr", "hr/x.md deny everyone"]))
def test_order_alone_decides(lines: list[str]) -> None:
    parsed = rules.parse("\n".join(lines), "rules")
    last = next(line for line in reversed(lines) if not line.startswith("hr/x"))
    expected = Readers(allow=frozenset({last.split()[-1]}))
    assert rules.readers("hr/y.md", (("", parsed),)) == expected
