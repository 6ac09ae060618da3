"""Plain text: any encoding, paragraphs by blank lines, headings where they are plain to see.

Knows nothing of markup; what the encoding of legacy bytes is, charset-normalizer guesses.
"""

import codecs
import html
import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from charset_normalizer import from_bytes

from cairn.adapters.parsers import language, tidy
from cairn.errors import ParseFailed, Textless
from cairn.protocols import Parser
from cairn.types import Document, Element, Locator

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WESTERN = frozenset(
    "äöüÄÖÜßéèêëàâîïôùûçœÉÈÀÇÊñÑáíóúÁÍÓÚ¡¿åÅæÆøØãõÃÕ"
    "\u201c\u201d\u201e\u2018\u2019\u2013\u2014\u2026\u2022\u20ac£§°©®\u2122«»·\xa0²½±\xd7"
)
_WINDOW = 1 << 16
_BINARY = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]")
_LINE_END = re.compile("\r\n|\n|\r")
_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+(?=[^\W\d_])")
_RULE = re.compile(r"\s*(={3,}|-{3,}|~{3,}|\*{3,})\s*")
_LIST = re.compile(r"\s{0,8}(?:[-*\u2022\u2013]|\(?[0-9a-zA-Z]{1,3}[.)])\s+(?=\S)")
_GRAIN = 240
"""Characters: what an anchor of several lines has at least."""
_UNSEEN = re.compile(r"<(script|style|template)\b", re.IGNORECASE)
_BREAK = re.compile(
    r"</?(?:p|div|br|hr|li|ul|ol|tr|td|th|table|h[1-6]|section|article|pre|blockquote|title|option|dt|dd)\b[^<>]*>",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>")


def decode(data: bytes, declared: str | None = None) -> str:
    """Read bytes by their mark, as UTF-8, as ``declared``, or by a guess; raises ParseFailed if binary."""
    text = _decoded(data, declared)
    beginning = text[:_WINDOW]
    if len(_BINARY.findall(beginning)) > 0.02 * len(beginning):
        raise ParseFailed("not text but binary data")
    return text


def _decoded(data: bytes, declared: str | None) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    if b"\x1b$" not in data[:_WINDOW]:
        try:
            return _wide(data) if b"\0" in data[:_WINDOW] else data.decode("utf-8")
        except UnicodeDecodeError:
            pass
    return data.decode(_guess(data, declared), "replace")


def _wide(data: bytes) -> str:
    """Read UTF-16 that lost its mark, which shows in where its zeros stand; else UTF-8."""
    start = data[: _WINDOW // 2 * 2]
    even, odd = start[0::2].count(0), start[1::2].count(0)
    many = 0.15 * len(start)
    encoding = "utf-16-le" if odd > many > 4 * even else "utf-16-be" if even > many > 4 * odd else "utf-8"
    return data.decode(encoding, "replace")


def _guess(data: bytes, declared: str | None) -> str:
    """Name the encoding of bytes that are not clean UTF-8."""
    part = _telling(data)
    if b"\x1b$" in part and _fits(data, "iso2022_jp"):
        return "iso2022_jp"
    if _is_torn_utf8(part):
        return "utf-8"
    if declared is not None and _fits(data, declared):
        return "cp1252" if codecs.lookup(declared).name in ("iso8859-1", "ascii") else declared
    if _is_western(part):
        return "cp1252"
    best = from_bytes(part).best()
    return best.encoding if best is not None else "cp1252"


def _telling(data: bytes) -> bytes:
    """Return the lines from a little before the first byte that is not ASCII."""
    odd = re.search(rb"[\x80-\xff\x1b]", data)
    at = odd.start() if odd is not None else 0
    start = data.rfind(b"\n", max(0, at - 2000), at) + 1
    return data[start if start else at : at + _WINDOW]


def _is_torn_utf8(part: bytes) -> bool:
    text = part.decode("utf-8", "replace")
    torn = text.count("\ufffd")
    return sum(not char.isascii() for char in text) - torn > 10 * torn


def _fits(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except (LookupError, ValueError):
        return False
    return True


def _is_western(part: bytes) -> bool:
    """Tell Western European text, of which short samples mislead any guesser, from the rest."""
    text = part.decode("cp1252", "replace")
    odd = [char for char in text if not char.isascii()]
    return len(odd) < 0.3 * len(text) and all(char in _WESTERN for char in odd)


class SourceLine(NamedTuple):
    """A line of a text: its number from 1, where it begins and ends, and its tidy words."""

    number: int
    start: int
    end: int
    text: str


def lines(source: str) -> Iterator[SourceLine]:
    """Yield every line of ``source``, split where an editor splits."""
    number, start = 0, 0
    for number, found in enumerate(_LINE_END.finditer(source), 1):
        yield SourceLine(number, start, found.start(), tidy.flat(source[start : found.start()]))
        start = found.end()
    yield SourceLine(number + 1, start, len(source), tidy.flat(source[start:]))


def parts(block: Sequence[SourceLine], joints: Sequence[str]) -> list[tidy.Located]:
    """Make anchored parts of lines, each followed by its joint, a few short lines to a part."""
    made, first, text = [], 0, ""
    for at, (line, joint) in enumerate(zip(block, joints, strict=True)):
        text += line.text + joint
        if len(text) >= _GRAIN or at == len(block) - 1:
            made.append(tidy.Located(text, span(block[first], line)))
            first, text = at + 1, ""
    return made


def span(first: SourceLine, last: SourceLine) -> Locator:
    """Locate lines ``first`` to ``last``."""
    return Locator(lines=(first.number, last.number), chars=(first.start, last.end))


def _joints(block: Sequence[SourceLine]) -> list[str]:
    """Join what was wrapped with a space; keep the line end after a short line."""
    widest = max(len(line.text) for line in block)
    wrapped = max(40, 0.6 * widest)
    return [
        tidy.glue(line.text, after.text)
        if len(line.text) >= wrapped and not _LIST.match(after.text)
        else "\n"
        for line, after in itertools.pairwise(block)
    ] + [""]


def _blocks(source: str) -> Iterator[list[SourceLine]]:
    """Yield runs of lines that are not blank."""
    block: list[SourceLine] = []
    for line in lines(source):
        if line.text:
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _heading_level(block: Sequence[SourceLine]) -> int:
    """Return the level of a block that is a heading; 0 of any other."""
    text = block[0].text
    if len(text) > 80 or text[-1] in ".,;:!?" or not re.search(r"[^\W\d_]{2}", text):
        return 0
    if len(block) == 2 and (rule := _RULE.fullmatch(block[1].text)):
        return 1 if rule[1].startswith(("=", "*")) else 2
    if len(block) > 1:
        return 0
    if found := _NUMBERED.match(text):
        return found[1].count(".") + 1 if len(text.split()) <= 10 else 0
    return 1 if text.isupper() and len(text.split()) <= 10 and len(text) >= 4 else 0


def _element(block: Sequence[SourceLine]) -> Element:
    if level := _heading_level(block):
        return tidy.whole("heading", block[0].text, span(block[0], block[-1]), level=level)
    kind = "list_item" if len(block) == 1 and _LIST.match(block[0].text) else "paragraph"
    return tidy.element("list_item" if kind == "list_item" else "paragraph", parts(block, _joints(block)))


def untagged(source: str) -> str:
    """Return the text of HTML without a parser: for fragments and for what no parser can take."""
    seen = _without(_without(source, re.compile("<!--"), "-->"), _UNSEEN, None)
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", seen)))


def _without(source: str, opening: re.Pattern[str], closing: str | None) -> str:
    """Cut from each opening to its closing (by default the end tag of what it opens); linear."""
    kept, at = [], 0
    lowered = source.lower() if closing is None else source
    while found := opening.search(source, at):
        kept.append(source[at : found.start()])
        end = closing if closing is not None else f"</{found[1].lower()}"
        at = lowered.find(end, found.end())
        at = lowered.find(">", at) + 1 if at >= 0 else 0
        if not at:
            return "".join(kept)
    return "".join([*kept, source[at:]])


class PlainText:
    """Reads text files."""

    name = "text/1"
    media_types = frozenset({"text/plain", "text/x-log", "text/troff"})

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is binary or has no words."""
        elements = tuple(map(_element, _blocks(decode(tidy.read(path)))))
        if not elements:
            raise Textless("no text in it")
        found = language.detect(tidy.sample(elements))
        return Document(title=tidy.titled((), elements, name), elements=elements, language=found)


def load(rest: str) -> Parser:
    """Build the parser of plain text; it takes no argument."""
    return PlainText()
