"""Jupyter notebooks: cells in order, what they printed, tables from HTML, pictures told as unread."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cairn.adapters.parsers import notebook
from cairn.errors import ParseFailed
from cairn.types import Document, Locator

PARSER = notebook.load("")


def parse(folder: Path, book: Any) -> Document:
    path = folder / "a.ipynb"
    path.write_text(book if isinstance(book, str) else json.dumps(book))
    document = PARSER.parse(path, path.name)
    for element in document.elements:
        assert element.text.strip() and element.anchors[-1].end == len(element.text)
        assert [a.start for a in element.anchors] == [0, *(a.end for a in element.anchors[:-1])]
    return document


def markdown(*lines: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": [f"{line}\n" for line in lines]}


def code(source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": list(outputs)}


def shown(**data: Any) -> dict[str, Any]:
    forms = {key.replace("_", "/"): value for key, value in data.items()}
    return {"output_type": "execute_result", "data": forms, "metadata": {}}


def book(*cells: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


FRAME = """<div><table><thead><tr><th></th><th>part</th><th>price</th></tr></thead>
<tbody><tr><th>0</th><td>valve</td><td>12.50</td></tr><tr><th>1</th><td>seal</td><td>3.00</td></tr></tbody></table></div>"""


def told(document: Document) -> list[tuple[str, str]]:
    return [(element.kind, element.text) for element in document.elements]


def test_cells_in_order_under_the_headings_of_all(tmp_path: Path) -> None:
    made = parse(
        tmp_path,
        book(
            markdown("# Pump study", "", "All *pumps* of the plant."),
            markdown("## Load", "", "| a | b |", "|---|---|", "| 1 | 2 |"),
            code("import pumps\n\npumps.load()  \n"),
            {"cell_type": "raw", "source": "as it is"},
            title="Study of pumps",
            authors=[{"name": "Ann Lee"}, {"name": "Bob Ray"}],
        ),
    )
    assert made.title == "Study of pumps"
    assert made.metadata == {"author": "Ann Lee, Bob Ray"}
    assert told(made) == [
        ("heading", "Pump study"),
        ("paragraph", "All pumps of the plant."),
        ("heading", "Load"),
        ("table", "a | b\n1 | 2"),
        ("code", "import pumps\n\npumps.load()"),
        ("paragraph", "as it is"),
    ]
    assert made.elements[4].anchors[0].locator == Locator(path="cell 3", heading=("Pump study", "Load"))


def test_outputs(tmp_path: Path) -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": "\x1b[31m10%\r100%\x1b[0m done\n"}
    error = {"output_type": "error", "ename": "ValueError", "evalue": "no pump", "traceback": ["\x1b[0mline"]}
    made = parse(
        tmp_path,
        book(
            code("run()", stream, error, shown(text_plain=["[1,\n", " 2]"]), shown(text_markdown="**fine**"))
        ),
    )
    assert told(made)[1:] == [
        ("paragraph", "100% done"),
        ("paragraph", "ValueError: no pump"),
        ("code", "[1,\n 2]"),
        ("paragraph", "fine"),
    ]


def test_a_table_shown_as_html_is_a_table(tmp_path: Path) -> None:
    made = parse(tmp_path, book(code("frame", shown(text_html=FRAME, text_plain="  part price\n0 valve"))))
    assert told(made)[1] == ("table", " | part | price\n0 | valve | 12.50\n1 | seal | 3.00")
    assert made.elements[1].header == 1
    assert {anchor.locator.path for anchor in made.elements[1].anchors} == {"cell 1"}


def test_html_without_plain_text_is_read_as_words(tmp_path: Path) -> None:
    made = parse(
        tmp_path, book(code("show()", shown(text_html="<p>All <b>well</b></p><script>x()</script>")))
    )
    assert told(made)[1:] == [("paragraph", "All well")]


def test_pictures_are_told_as_unread(tmp_path: Path) -> None:
    picture = shown(image_png="iVBOR", text_plain="<Figure size 640x480 with 1 Axes>")
    made = parse(tmp_path, book(code("plot()", picture), code("plot()", shown(image_png="iVBOR"))))
    assert told(made) == [("code", "plot()"), ("code", "plot()")]
    assert made.unread == ("cell 1: an output that is a picture", "cell 2: an output that is a picture")


def test_the_old_format(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Old"]},
        {
            "cell_type": "code",
            "input": ["1 + 1"],
            "outputs": [
                {"output_type": "pyout", "text": ["2"]},
                {"output_type": "pyerr", "ename": "E", "evalue": "v"},
            ],
        },
    ]
    made = parse(tmp_path, {"worksheets": [{"cells": cells}], "nbformat": 3, "metadata": {}})
    assert told(made) == [("heading", "Old"), ("code", "1 + 1"), ("paragraph", "2"), ("paragraph", "E: v")]
    assert made.elements[0].level == 2


def test_what_is_not_as_it_should_be_is_passed_over(tmp_path: Path) -> None:
    odd: list[Any] = [
        7,
        None,
        {"cell_type": "code", "source": True, "outputs": {"a": 1}},
        {"source": ["x", None]},
    ]
    outputs: list[Any] = [
        None,
        {"output_type": "display_data", "data": {"text/plain": {}, "text/html": [None]}},
    ]
    made = parse(tmp_path, book(*odd, code("y", *outputs)))
    assert told(made) == [("paragraph", "x"), ("code", "y")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[" * 100_000, "it is nested too deeply"),
        ("[]", "it is no notebook: it has no cells"),
        ('{"cells": 3}', "it is no notebook: it has no cells"),
        ('{"cells": []}', "no text in it"),
        ('{"cells": [', "it is damaged: Expecting value in line 1"),
        ("", "empty file"),
    ],
)
def test_what_cannot_be_read_says_why(content: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ParseFailed) as caught:
        parse(tmp_path, content)
    assert str(caught.value) == said


def test_hostile_outputs_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    nested = "<table><tr><td>" * 5000 + "x"
    made = parse(
        tmp_path, book(code("a", shown(text_html=nested, text_plain="plain")), markdown("> " * 3000 + "deep"))
    )
    assert ("paragraph", "plain") in told(made)
