"""Do a citation's boxes hold the words cited? PDFium's own letters within them.

    python -m bench.boxes              # 100 sentences: the score, and what is wrong by kind
    python -m bench.boxes 1000 all     # of so many; and each one that is not exact, with what differs

Sentences are what an answer without a language model quotes, of eight words or more, from running text of
the FinanceBench filings, drawn with a fixed seed. Exact is a sentence whose boxes hold its words, no more
and no fewer; a letter is in a box if its middle is. Words are compared by their letters and digits, a word
cut by a box's edge by the part inside.
"""

import random
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pypdfium2 import PdfDocument, PdfPage, PdfTextPage  # type: ignore[import-untyped]

from bench.sets import DATA
from cairn import registry
from cairn.flows.answering.units import Unit, units
from cairn.flows.ingest.passages import Packer
from cairn.protocols import Parser
from cairn.types import Box, Evidence, Locator, Passage, locate

FOLDER = DATA / "financebench" / "pdfs"
SEED = 20261121
LEAST_WORDS = 8
BAR = 0.98


class Cited(NamedTuple):
    """A sentence and where its anchors say that it stands."""

    file: Path
    text: str
    locators: tuple[Locator, ...]


class Found(NamedTuple):
    """A cited sentence's words, and those in its boxes."""

    cited: Cited
    wanted: list[str]
    inside: list[str]

    @property
    def missing(self) -> Counter[str]:
        return Counter(self.wanted) - Counter(self.inside)

    @property
    def extra(self) -> Counter[str]:
        return Counter(self.inside) - Counter(self.wanted)

    @property
    def is_exact(self) -> bool:
        """A word that a line's end parts with a hyphen may be one here and two there."""
        return not (self.missing or self.extra) or "".join(self.wanted) == "".join(self.inside)

    @property
    def holds_all(self) -> bool:
        return not self.missing or "".join(self.wanted) in "".join(self.inside)


def main() -> None:
    """Measure and print."""
    size = next((int(argument) for argument in sys.argv[1:] if argument.isdigit()), 100)
    parser: Parser = registry.load("parsers", "pdf")
    population = [cited for path in sorted(FOLDER.glob("*.pdf")) for cited in sentences(path, parser)]
    results = look(random.Random(SEED).sample(population, size))
    exact = sum(found.is_exact for found in results)
    whole = sum(found.holds_all for found in results)
    print(f"{len(population):,} sentences of {LEAST_WORDS} words or more, {size} drawn")
    print(f"boxes hold exactly the words cited  {exact / size:.3f}  bar: {BAR}")
    print(f"boxes hold all the words cited      {whole / size:.3f}")
    print(f"words in the boxes per word cited   {_excess(results):.3f}")
    for kind, count in Counter(map(_kind, results)).most_common():
        print(f"{count:5}  {kind}")
    if "all" in sys.argv[1:]:
        for found in results:
            _show(found)


def sentences(path: Path, parser: Parser) -> Iterator[Cited]:
    """Yield the sentences of running text that an answer could quote from a file."""
    embedder = registry.load("embedders", "hash", home=path.parent)
    packer = Packer(embedder.count, registry.load("splitters", "semchunk"), tokens=400)
    for passage in packer.pack(parser.parse(path, path.name)):
        for unit in units([_evidence(passage, path.name)]):
            if len(unit.text.split()) >= LEAST_WORDS and _is_running(passage, unit):
                yield Cited(path, unit.text, locate(passage.anchors, unit.start, unit.end))


def _evidence(passage: Passage, uri: str) -> Evidence:
    return Evidence(
        id="p1",
        kind="passage",
        uri=uri,
        title="",
        text=passage.text,
        locators=(),
        scores={},
        anchors=passage.anchors,
    )


def _is_running(passage: Passage, unit: Unit) -> bool:
    touched = (a for a in passage.anchors if a.start < unit.end and a.end > unit.start)
    return all(anchor.kind == "paragraph" for anchor in touched)


def look(sample: Sequence[Cited]) -> list[Found]:
    """Return the words that PDFium finds in the boxes of each sentence."""
    by_file: defaultdict[Path, list[Cited]] = defaultdict(list)
    for cited in sample:
        by_file[cited.file].append(cited)
    results = []
    for path, group in by_file.items():
        document = PdfDocument(path)
        for cited in group:
            inside = [word for at in cited.locators for word in _inside(document, at)]
            results.append(Found(cited, words(cited.text), inside))
        document.close()
    return results


def _inside(document: PdfDocument, at: Locator) -> list[str]:
    """Return the words, or parts of words, whose letters lie in a locator's boxes."""
    page = document[(at.page if at.page is not None else 1) - 1]
    text_page = page.get_textpage()
    try:
        return words("".join(_letters(page, text_page, at.boxes)))
    finally:
        text_page.close()
        page.close()


def _letters(page: PdfPage, text: PdfTextPage, boxes: Sequence[Box]) -> Iterator[str]:
    """Yield a page's letters in the boxes, in PDFium's order; a space for what lies outside."""
    for at in range(text.count_chars()):
        letter = text.get_text_range(at, 1)
        if letter in ("\ufffe", "\x02"):
            continue
        if not letter.strip():
            yield " "
            continue
        left, bottom, right, top = text.get_charbox(at)
        x, y = _shown(page, (left + right) / 2, (bottom + top) / 2)
        yield letter if any(b.x0 <= x <= b.x1 and b.y0 <= y <= b.y1 for b in boxes) else " "


def _shown(page: PdfPage, x: float, y: float) -> tuple[float, float]:
    """Return where a point of the page's own space is shown, from the top left."""
    left, bottom, right, top = page.get_bbox()
    turned = {0: (x - left, top - y), 90: (y - bottom, x - left), 180: (right - x, y - bottom)}
    return turned.get(page.get_rotation(), (top - y, right - x))


def words(text: str) -> list[str]:
    """Return a text's words by their letters and digits."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return ["".join(filter(str.isalnum, word)) for word in plain.split() if any(map(str.isalnum, word))]


def _excess(results: Sequence[Found]) -> float:
    return sum(len(found.inside) for found in results) / sum(len(found.wanted) for found in results)


def _kind(found: Found) -> str:
    if found.is_exact:
        return "exact"
    if not found.cited.locators or not all(at.boxes for at in found.cited.locators):
        return "no boxes"
    if found.holds_all:
        return "words too many"
    return "words missing and too many" if found.extra else "words missing"


def _show(found: Found) -> None:
    if found.is_exact:
        return
    pages = ", ".join(str(at.page) for at in found.cited.locators)
    print(f"\n{found.cited.file.name}, page {pages}: {_kind(found)}\n  {found.cited.text}")
    print(f"  missing: {' '.join(found.missing.elements())}\n  too many: {' '.join(found.extra.elements())}")


if __name__ == "__main__":
    main()
