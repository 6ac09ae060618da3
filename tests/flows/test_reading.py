"""One file through several parsers: whose word counts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cairn import registry
from cairn.errors import ParseFailed, Textless
from cairn.flows.ingest.passages import Packer
from cairn.flows.ingest.reading import Reader
from cairn.flows.ingest.unpacking import Limits
from cairn.types import Anchor, Document, Element, Locator

LIMITS = Limits(bytes=10**6, total=10**6, parts=10, depth=1)
DAMAGED, SCANNED = ParseFailed("it is damaged"), Textless("its pages are pictures")


class Says:
    """Reads out what it was given, or fails as it was told."""

    name = "says/1"
    media_types = frozenset({"text/plain"})

    def __init__(self, outcome: str | ParseFailed) -> None:
        self._outcome = outcome

    def parse(self, path: Path, name: str) -> Document:
        if isinstance(self._outcome, ParseFailed):
            raise self._outcome
        anchors = (Anchor(0, len(self._outcome), Locator(lines=(1, 1))),)
        return Document(
            title=name, elements=(Element(kind="paragraph", text=self._outcome, anchors=anchors),)
        )


def count(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([SCANNED, "The otter sleeps."], "The otter sleeps."),
        ([DAMAGED, "The otter sleeps."], "The otter sleeps."),
        ([SCANNED, DAMAGED], ("skipped", "its pages are pictures")),
        ([DAMAGED, SCANNED], ("failed", "it is damaged")),
    ],
)
def test_each_parser_is_tried_and_the_firsts_reason_is_shown(
    tmp_path: Path, outcomes: list[str | ParseFailed], expected: Any
) -> None:
    (tmp_path / "a.txt").write_text("Something.")
    packer = Packer(count, registry.load("splitters", "semchunk"), tokens=100)
    reader = Reader([Says(one) for one in outcomes], packer, characters=1000, limits=LIMITS)
    answer = reader.read(tmp_path / "a.txt", "a.txt")
    found = (answer["unread"], answer["reason"]) if "unread" in answer else answer["passages"][0][0]
    assert found == expected
