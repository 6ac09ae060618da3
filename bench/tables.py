"""Are tables read as they stand? The ICDAR 2013 table competition through Cairn's own elements.

    python -m bench.tables             # the score, beside liteparse's own tables, and the worst documents
    python -m bench.tables us-025      # one document: the relations that are missing and those too many

67 PDFs with 156 tables. A relation is a filled cell with its nearest filled neighbour to the right or
below; a cell that spans rows has one in each. A document's relations are pooled over its tables, so a
table found where there is none costs precision. Texts are compared by their letters and digits alone,
a cell of neither by being there. Where two truths are given, the first counts. What a table spans over
pages is two tables, as in the truth.
"""

import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from time import process_time
from typing import NamedTuple
from xml.etree import ElementTree

from liteparse import LiteParse

from bench.sets import DATA
from cairn import registry
from cairn.errors import ParseFailed
from cairn.protocols import Parser

FOLDER = DATA / "icdar2013_tables"
BAR = 0.88
WORST = 15
SHOWN = 40

Relations = Counter[tuple[str, str, str]]
"""A cell's text, its neighbour's, and where that stands: ``right`` or ``below``."""
Table = list[list[str]]


class Cell(NamedTuple):
    """A text with the rows and columns it takes up, both ends included."""

    text: str
    rows: tuple[int, int]
    columns: tuple[int, int]


class Score(NamedTuple):
    """How many relations are right, how many there are in truth, how many were read."""

    right: int
    true: int
    read: int

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.true + self.read) if self.true + self.read else 1.0


def main() -> None:
    """Score everything, or show what is wrong with the documents named on the command line."""
    if len(sys.argv) > 1:
        for name in sys.argv[1:]:
            _show(name)
        return
    scores: dict[str, dict[str, Score]] = {}
    true = {path.stem: truth(path) for path in documents()}
    for engine, read in (("cairn", cairn_tables()), ("liteparse alone", liteparse_tables())):
        began = process_time()
        scores[engine] = {path.stem: score(true[path.stem], relations(read(path))) for path in documents()}
        _say(engine, list(scores[engine].values()), process_time() - began)
    print(f"bar: micro F1 at least {BAR}")
    print("\nthe documents that cost most: right, true, read, F1, liteparse's F1")
    others = scores["liteparse alone"]
    lost = sorted(scores["cairn"].items(), key=lambda item: 2 * item[1].right - item[1].true - item[1].read)
    for name, one in lost[:WORST]:
        print(f"{name:10} {one.right:6} {one.true:6} {one.read:6} {one.f1:8.3f} {others[name].f1:8.3f}")


def documents() -> list[Path]:
    """Return the competition's PDFs."""
    return sorted(FOLDER.glob("*/*.pdf"))


def truth(pdf: Path) -> Relations:
    """Return the relations that the cell structure given with a document has."""
    found: Relations = Counter()
    for region in ElementTree.parse(pdf.with_name(f"{pdf.stem}-str.xml")).iter("region"):
        found += _relations(_true_cells(region))
    return found


def _true_cells(region: ElementTree.Element) -> list[Cell]:
    return [
        Cell(cell.findtext("content", ""), _span(cell, "row"), _span(cell, "col"))
        for cell in region.iter("cell")
    ]


def _span(cell: ElementTree.Element, way: str) -> tuple[int, int]:
    start = int(cell.attrib[f"start-{way}"])
    end = cell.get(f"end-{way}", cell.get(f"{way}-end", start))  # one cell has it the wrong way round
    return start, max(start, int(end))


def relations(tables: Iterable[Table]) -> Relations:
    """Return the relations of tables whose cells span nothing."""
    found: Relations = Counter()
    for rows in tables:
        found += _relations(
            Cell(text, (at, at), (column, column))
            for at, row in enumerate(rows)
            for column, text in enumerate(row)
        )
    return found


def score(true: Relations, read: Relations) -> Score:
    """Compare the relations of one document."""
    return Score((true & read).total(), true.total(), read.total())


def cairn_tables() -> Callable[[Path], list[Table]]:
    """Return what reads a PDF's tables out of the elements that Cairn's parser makes."""
    parser: Parser = registry.load("parsers", "pdf")

    def read(path: Path) -> list[Table]:
        try:
            elements = parser.parse(path, path.name).elements
        except ParseFailed as error:
            print(f"{path.name}: {error}")
            return []
        texts = (element.text for element in elements if element.kind == "table")
        return [[line.split(" | ") for line in text.split("\n")] for text in texts]

    return read


def liteparse_tables() -> Callable[[Path], list[Table]]:
    """Return what reads a PDF's tables as liteparse gives them."""
    parser = LiteParse(ocr_enabled=False, extract_blocks=True, image_mode="off", quiet=True)

    def read(path: Path) -> list[Table]:
        blocks = (block for page in parser.parse(path.read_bytes()).pages for block in page.blocks or ())
        return [
            [[cell.text for cell in row] for row in (block.header or (), *(block.rows or ()))]
            for block in blocks
            if block.kind == "table"
        ]

    return read


def _relations(cells: Iterable[Cell]) -> Relations:
    filled = [cell._replace(text=text) for cell in cells if (text := normalised(cell.text))]
    places = {
        (row, column): at
        for at, cell in reversed(list(enumerate(filled)))
        for row in _all(cell.rows)
        for column in _all(cell.columns)
    }
    pairs = {pair for at, cell in enumerate(filled) for pair in _neighbours(at, cell, places)}
    return Counter((filled[one].text, filled[other].text, where) for one, other, where in pairs)


def _neighbours(at: int, cell: Cell, places: dict[tuple[int, int], int]) -> Iterator[tuple[int, int, str]]:
    """Yield a cell's own number, the nearest filled cell's, and where that stands."""
    wide = max(column for _, column in places)
    tall = max(row for row, _ in places)
    for row in _all(cell.rows):
        yield from _nearest(at, [(row, to) for to in range(cell.columns[1] + 1, wide + 1)], places, "right")
    for column in _all(cell.columns):
        yield from _nearest(at, [(to, column) for to in range(cell.rows[1] + 1, tall + 1)], places, "below")


def _nearest(
    at: int, line: Sequence[tuple[int, int]], places: dict[tuple[int, int], int], where: str
) -> Iterator[tuple[int, int, str]]:
    first = next((places[place] for place in line if place in places), at)
    if first != at:
        yield at, first, where


def _all(span: tuple[int, int]) -> range:
    return range(span[0], span[1] + 1)


def normalised(text: str) -> str:
    """Return a text's letters and digits, in one case; of a text without any, a sign that it is there."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(filter(str.isalnum, plain)) or "_" * bool(plain.strip())


def _say(engine: str, scores: Sequence[Score], seconds: float) -> None:
    right, true, read = map(sum, zip(*scores, strict=True))
    whole = Score(right, true, read)
    mean = sum(one.f1 for one in scores) / len(scores)
    print(
        f"{engine:16} precision {right / read:.3f}  recall {right / true:.3f}  micro F1 {whole.f1:.3f}  "
        f"mean F1 {mean:.3f}  {true:,} relations, {len(scores)} documents, {seconds:.1f} CPU s",
        flush=True,
    )


def _show(name: str) -> None:
    """Print what a document's tables are read as, and the relations that differ."""
    path = next(path for path in documents() if path.stem == name)
    tables = cairn_tables()(path)
    for rows in tables:
        print("\n".join(" | ".join(row) for row in rows), end="\n\n")
    true, read = truth(path), relations(tables)
    for what, differ in (("missing", true - read), ("too many", read - true)):
        print(f"{differ.total()} {what}")
        for (one, other, where), count in list(differ.items())[:SHOWN]:
            print(f"{count:4}  {one[:50]}  {where}  {other[:50]}")


if __name__ == "__main__":
    main()
