"""reStructuredText: blocks with their lines, Sphinx's directives kept, nothing read but the file itself."""

import re
import time
from pathlib import Path

import pytest

from cairn.adapters.parsers import rst
from cairn.errors import ParseFailed
from cairn.types import Document, Element

HANDBOOK = """\
=============
Pump Handbook
=============

:Author: Ann Lee
:Date: 2024-05-06
:Keywords: pumps, water

.. toctree::
   :maxdepth: 2

   intro

.. |product| replace:: HydroMax 3000

The |product| is *good* [1]_ and :ref:`cared for <care>`; see :class:`~plant.Pump`
and ``code_x`` [#]_ as [Lee2020]_ says.

.. _care:

Care
====

.. autoclass:: plant.Pump
   :members:

   The content of autoclass.

.. note:: Do not run dry.

- first item
  goes on

  second paragraph
- second

  1. one
  2. two

term
    Definition.

.. code-block:: python
   :linenos:

   def start(pump):

       return 2

.. csv-table:: Prices
   :header: Part, Price

   valve, 12.50
   seal, 3

.. figure:: pump.png
   :alt: A pump in its house

   The caption.

+-------+-------+
| Head1 | Head2 |
+=======+=======+
| Cell1 | Cell2 |
+-------+ over  |
| Cell4 | two   |
+-------+-------+

Deep
----

The end.

.. [1] The first note.
.. [#] The counted note.
.. [Lee2020] Lee, Ann. *Pumps*.
"""


def parse(folder: Path, content: str | bytes, name: str = "guide.rst") -> Document:
    path = folder / "file"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    document = rst.load("").parse(path, name)
    for item in document.elements:
        check(item)
    return document


def check(item: Element) -> None:
    """Anchors cover the text without gap or overlap; nothing in it is untidy."""
    assert item.text.strip() and item.anchors[0].start == 0 and item.anchors[-1].end == len(item.text)
    assert all(one.end == two.start for one, two in zip(item.anchors, item.anchors[1:], strict=False))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\xa0\xad]", item.text)
    assert (item.level > 0) == (item.kind == "heading")


def of_kind(document: Document, kind: str) -> list[str]:
    return [item.text for item in document.elements if item.kind == kind]


def test_blocks(tmp_path: Path) -> None:
    document = parse(tmp_path, HANDBOOK)
    assert document.title == "Pump Handbook"
    assert document.metadata == {"author": "Ann Lee", "created": "2024-05-06", "tags": "pumps, water"}
    headings = [(item.level, item.text) for item in document.elements if item.kind == "heading"]
    assert headings == [(1, "Pump Handbook"), (2, "Care"), (3, "Deep")]
    assert of_kind(document, "list_item")[3:] == [
        "first item goes on",
        "second",
        "1. one",
        "2. two",
        "term: Definition.",
    ]
    assert "def start(pump):\n\n       return 2" in of_kind(document, "code")[0]
    assert of_kind(document, "caption") == ["Prices", "Figure: A pump in its house", "The caption."]
    assert "Note: Do not run dry." in of_kind(document, "paragraph")
    assert document.elements[-1].anchors[0].locator.heading == ("Pump Handbook", "Care", "Deep")


def test_notes_follow_the_paragraph_that_refers_to_them(tmp_path: Path) -> None:
    document = parse(tmp_path, HANDBOOK)
    at = next(at for at, item in enumerate(document.elements) if item.kind == "footnote")
    assert document.elements[at - 1].text == (
        "The HydroMax 3000 is good and cared for; see Pump and code_x as [Lee2020] says."
    )
    assert of_kind(document, "footnote") == [
        "The first note.",
        "The counted note.",
        "[Lee2020] Lee, Ann. Pumps.",
    ]


def test_tables(tmp_path: Path) -> None:
    tables = [item for item in parse(tmp_path, HANDBOOK).elements if item.kind == "table"]
    assert [item.text for item in tables] == [
        "Part | Price\nvalve | 12.50\nseal | 3",
        "Head1 | Head2\nCell1 | Cell2 over two\nCell4",
    ]
    assert [item.header for item in tables] == [1, 1]


def test_what_sphinx_adds_keeps_its_text(tmp_path: Path) -> None:
    paragraphs = of_kind(parse(tmp_path, HANDBOOK), "paragraph")
    assert {"intro", "plant.Pump", "The content of autoclass."} <= set(paragraphs)
    source = ".. py:function:: start(pump)\n\n   Starts :py:obj:`it` :unheard:`of`.\n"
    assert of_kind(parse(tmp_path, source), "paragraph") == ["start(pump)", "Starts it of."]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_those_of_the_file(end: str, tmp_path: Path) -> None:
    written = HANDBOOK.split("\n")
    for item in parse(tmp_path, HANDBOOK.replace("\n", end)).elements:
        if item.kind in ("heading", "list_item", "code", "footnote", "caption"):
            for start, stop, locator, _ in item.anchors:
                assert locator.lines is not None
                there = "\n".join(written[locator.lines[0] - 1 : locator.lines[1]])
                words = re.findall(r"\w+", item.text[start:stop].replace("Figure: ", ""))
                assert all(word in there for word in words)
        first, last = item.anchors[0].locator.lines, item.anchors[-1].locator.lines
        assert first is not None and last is not None and first[0] <= last[1] <= len(written)


def test_table_rows_have_their_lines(tmp_path: Path) -> None:
    *_, grid = (item for item in parse(tmp_path, HANDBOOK).elements if item.kind == "table")
    written = HANDBOOK.split("\n")
    assert [a.locator.lines and "Head1" in written[a.locator.lines[0] - 1] for a in grid.anchors] == [
        True,
        False,
        False,
    ]


def test_no_other_file_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("topsecret", encoding="utf-8")
    document = parse(
        tmp_path,
        f"Text.\n\n.. include:: {secret}\n\n.. csv-table:: X\n   :file: {secret}\n\n"
        f".. raw:: html\n   :file: {secret}\n\n"
        f".. literalinclude:: {secret}\n\n.. figure:: {secret}\n   :figwidth: image\n\n"
        f".. csv-table:: Y\n   :url: file://{secret}\n",
    )
    assert "topsecret" not in "".join(item.text for item in document.elements)


def test_the_day_of_reading_stays_out(tmp_path: Path) -> None:
    assert of_kind(parse(tmp_path, ".. |now| date::\n\nIt is |now|.\n"), "paragraph") == ["It is today."]


def test_one_document_teaches_the_next_nothing(tmp_path: Path) -> None:
    first = parse(tmp_path, ".. odd:: a\n\n   b\n\n:strange:`c`\n")
    assert first == parse(tmp_path, ".. odd:: a\n\n   b\n\n:strange:`c`\n")
    redefined = parse(tmp_path, ".. role:: strange(emphasis)\n\n:strange:`c` and\n")
    assert of_kind(redefined, "paragraph") == ["c and"]


def test_mistakes_cost_no_text(tmp_path: Path) -> None:
    document = parse(
        tmp_path, "Title\n==\n\nAn *open mark and `another.\n\n.. image::\n\n+--+\n|broken\n+-\n"
    )
    kept = "".join(item.text for item in document.elements)
    assert all(word in kept for word in ("Title", "*open mark", "`another", "broken"))


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\x00\x01\x02\xff\xfe" * 400, b".. only a comment\n"])
def test_what_holds_no_text_fails_with_a_reason(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(ParseFailed, match=r"empty file|no text in it|not text but binary data"):
        parse(tmp_path, content)


@pytest.mark.parametrize(
    "content",
    [
        "\n".join(" " * at + "- a" for at in range(600)),
        "\n\n".join(" " * at + "a" for at in range(600)),
        ("*a " * 5000 + "\n") * 10,
        "`a " * 100_000,
        "".join(f".. odd{at}:: x\n\n   y\n\n" for at in range(1000)),
        "".join(f".. |a{at}| replace:: |a{at + 1}| |a{at + 1}|\n" for at in range(40)) + "\n|a0|\n",
    ],
)
def test_hostile_text_stays_cheap(content: str, tmp_path: Path) -> None:
    began = time.process_time()
    assert parse(tmp_path, content).elements
    assert time.process_time() - began < 20
