"""Tidy text, elements with their anchors, titles, dates and running lines: what the parsers here share.

Knows no file format and no outside library.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from cairn.errors import ParseFailed
from cairn.types import Anchor, Box, Element, ElementKind, Locator

_CONTROLS = "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
_INVISIBLE = "\xad\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff"
_SPACES = "\r\x0b\x0c\x1c-\x1f\x85\xa0\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_LIGATURES = ("ff", "fi", "fl", "ffi", "ffl", "st", "st")
_ODD = re.compile(f"[{_SPACES}\ufb00-\ufb06{_CONTROLS}{_INVISIBLE}]")
_PLAIN = {
    **dict.fromkeys("\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", "\n"),
    **dict.fromkeys("\x1f\xa0\u202f\u205f\u3000", " "),
    **{chr(code): " " for code in range(0x2000, 0x200B)},
    **{chr(0xFB00 + at): letters for at, letters in enumerate(_LIGATURES)},
}
_DENSE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_NOT_A_TITLE = re.compile(
    r"untitled|unbenannt|sans titre|no title|title|unspecified|anonymous|document ?\d*|dokument ?\d*"
    r"|(table of )?contents|index|inhalt(sverzeichnis)?|sommaire|table des mati\u00e8res|(\u00ed|i)ndice"
    r"|united states( securities and exchange commission)?|(powerpoint |pptx? )?presentation ?\d*"
    r"|slide ?\d*|print|scan\S*|layout ?\d*"
    r"|microsoft (word|powerpoint|excel|office)\b.*|\S+\.[a-z]{1,5}\d?"
    r"|.*\.(docx?|xlsx?|pptx?|pdf|rtf|indd|qxd|tex|dvi|fm|wpd|odt)",
    re.IGNORECASE,
)
_PDF_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(?:(Z)|([+-])(\d\d)'?(\d\d)?'?)?")
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
_BEFORE = re.compile(r"(?:US|CA|A|C|NZ|HK|S)?[$€£¥₹]|\(|[$€£¥]\s?\(|USD|EUR|GBP|CHF")
_AFTER = re.compile(r"\)?\s?%\s?\)?|\)|pts|bps")
_STRAY = re.compile(r"(.*\S)\s+([$€£¥]\s?\(?)")
_NUMBER = re.compile(
    r"[-+(\u2212\u2013\u2014]*\s*[$€£¥]?\s*[-+(]?\s*(?:\d[\d.,\s]*|[-\u2212\u2013\u2014])[)%*†]*\s*%?\)?"
)
_YEAR = re.compile(r"\(?(?:19|20)\d\d\)?(?:\s?\(\w\))?")
_MOST_HEADER = 4
_GAP = re.compile("  +")
_LONG = 1_000_000
"""Characters from which a list of all words would cost more memory than it is worth."""


def clean(text: str) -> str:
    """Return it in NFC without invisible characters, ligatures undone, odd spaces and line ends plain."""
    if not text.isascii() or not text.isprintable():
        text = _ODD.sub(lambda found: _PLAIN.get(found[0], ""), text.replace("\r\n", "\n"))
    return unicodedata.normalize("NFC", text)


def flat(text: str) -> str:
    """Return it clean, on one line, words one space apart."""
    tidied = clean(text)
    if len(tidied) <= _LONG:
        return " ".join(tidied.split())
    pieces = (_evenly(tidied[at : at + _LONG]) for at in range(0, len(tidied), _LONG))
    return _GAP.sub(" ", "".join(pieces)).strip()


def _evenly(piece: str) -> str:
    """Return it with a space for any gap, those at its ends included."""
    return f"{' ' * piece[:1].isspace()}{' '.join(piece.split())}{' ' * piece[-1:].isspace()}"


def glue(left: str, right: str) -> str:
    """Return what stands between two lines of one paragraph: a space, but nothing in Chinese or Japanese."""
    return "" if _DENSE.match(left[-1:]) and _DENSE.match(right[:1]) else " "


def around(boxes: Iterable[Box]) -> tuple[Box, ...]:
    """Return the one box around all, or none."""
    sides = tuple(zip(*boxes, strict=True))
    return (Box(min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3])),) if sides else ()


class Located(NamedTuple):
    """A piece of an element's text and where it stands in the original."""

    text: str
    locator: Locator


def element(kind: ElementKind, parts: Sequence[Located], *, level: int = 0, header: int = 0) -> Element:
    """Join the parts, whose texts carry their own separators, into one element with one anchor a part."""
    anchors, end = [], 0
    for text, locator in parts:
        anchors.append(Anchor(end, end + len(text), locator))
        end += len(text)
    text = "".join(part.text for part in parts)
    return Element(kind=kind, text=text, anchors=tuple(anchors), level=level, header=header)


def whole(kind: ElementKind, text: str, locator: Locator, *, level: int = 0) -> Element:
    """Return an element that has one anchor for all of its text."""
    return element(kind, [Located(text, locator)], level=level)


class Printed(NamedTuple):
    """A printed line: its tidy text and its box."""

    text: str
    box: Box


def cut(text: str, lines: Sequence[Printed], page: int, whole: tuple[Box, ...]) -> list[Located]:
    """Cut a block's text where its printed lines begin; a line that is not found joins the one above."""
    starts: list[int] = []
    boxes: list[list[Box]] = []
    at = 0
    for line in lines:
        found = _find(text, line.text, at)
        if found is None and boxes:
            boxes[-1].append(line.box)
        elif found is not None:
            starts.append(found[0])
            boxes.append([line.box])
            at = found[1]
    if not starts:
        return [Located(text, Locator(page=page, boxes=whole))]
    starts[0] = 0
    ends = [*starts[1:], len(text)]
    return [
        Located(text[start:end], Locator(page=page, boxes=around(there)))
        for start, end, there in zip(starts, ends, boxes, strict=True)
    ]


def _find(text: str, line: str, at: int) -> tuple[int, int] | None:
    """Return where a line stands in the text from ``at``, give or take; None if it does not."""
    if text.startswith(line, at):
        return at, at + len(line) + 1
    words = line.rstrip("-")
    limit = at + 2 * len(line) + 80
    start = text.find(words, at, limit) if words else -1
    if start >= 0:
        return start, start + len(words)
    head = words[:12]
    start = text.find(head, at, limit) if len(head) > 3 else -1
    return (start, start + len(head)) if start >= 0 else None


class Row(NamedTuple):
    """A table's row: the cells' tidy texts and where it stands."""

    cells: list[str]
    locator: Locator


def table(rows: Sequence[Row], header: int) -> Element | None:
    """Make a table of rows, the first ``header`` of them its header; empty rows and columns vanish."""
    used = {at for row in rows for at, cell in enumerate(row.cells) if cell}
    kept = [(at, row) for at, row in enumerate(rows) if any(row.cells)]
    lines = [
        Located(" | ".join(cell for at, cell in enumerate(row.cells) if at in used).rstrip(" |"), row.locator)
        for _, row in kept
    ]
    if not lines:
        return None
    parts = [Located(line + "\n", locator) for line, locator in lines[:-1]] + lines[-1:]
    return element("table", parts, header=sum(1 for at, _ in kept if at < header))


def mend(rows: Sequence[list[str]], header: int) -> tuple[list[list[str]], int]:
    """Return the rows, all of one length, each sign with its number, and how many are header."""
    width = max((len(row) for row in rows), default=0)
    missing = width * len(rows) - sum(map(len, rows))
    padded = [[*row, *[""] * (width - len(row))] if missing < 5_000_000 else row for row in rows]
    for row in padded:
        _join_signs(row)
    header = _header(padded, header)
    _move_headers(padded, header)
    return padded, header


def _join_signs(row: list[str]) -> None:
    """Join, in place, currency signs to the number after them and per cent signs to the one before."""
    for at in range(len(row) - 2, -1, -1):
        stray = _STRAY.fullmatch(row[at])
        if stray is not None and _NUMBER.fullmatch(row[at + 1]) and _NUMBER.fullmatch(stray[1]):
            row[at], row[at + 1] = stray[1], f"{stray[2]} {row[at + 1]}"
    for at, (cell, after) in enumerate(pairwise(tuple(row))):
        if _BEFORE.fullmatch(cell) and _NUMBER.fullmatch(after):
            row[at], row[at + 1] = "", f"{cell} {after}" if cell[-1] != "(" else cell + after
    for at in range(len(row) - 1, 0, -1):
        if _AFTER.fullmatch(row[at]) and any(map(str.isdigit, row[at - 1][-4:])):
            joint = "" if row[at][0] in ")" else " "
            row[at - 1], row[at] = row[at - 1] + joint + row[at], ""


def _is_label(cell: str) -> bool:
    """Tell what may head a column: words, years and dates, not figures."""
    return _YEAR.fullmatch(cell) is not None or (_NUMBER.fullmatch(cell) is None and not cell.startswith("$"))


def _header(rows: Sequence[list[str]], header: int) -> int:
    """Count the first rows that head the columns: labels over figures."""
    count = 0
    for row in rows[: min(_MOST_HEADER, len(rows) - 1)]:
        filled = [cell for cell in row[1:] if cell]
        if not filled or not all(map(_is_label, filled)):
            break
        count += 1
    is_figures = any(cell and not _is_label(cell) for row in rows[count : count + 3] for cell in row[1:])
    return max(header, count) if is_figures else header


def _move_headers(rows: Sequence[list[str]], header: int) -> None:
    """Put, in place, a header over the column its numbers went to when their signs' column emptied."""
    filled = {at for row in rows[header:] for at, cell in enumerate(row) if cell}
    for row in rows[:header]:
        for at in range(1, len(row)):
            if not row[at] or at in filled:
                continue
            for to in (at + 1, at - 1):
                if 0 < to < len(row) and to in filled and not row[to]:
                    row[at], row[to] = "", row[at]
                    break


def titled(own: Iterable[str | None], elements: Iterable[Element], name: str) -> str:
    """Return the first of its ``own`` titles that looks like one, else its top heading, else its name."""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    heading = next((item.text for item in elements if item.kind == "heading" and item.level == 1), None)
    for candidate in (*own, heading):
        text = flat(candidate)[:300] if candidate is not None else ""
        if _is_title(text, stem):
            return text
    return named if (named := flat(stem)) else "untitled"


def _is_title(text: str, stem: str) -> bool:
    """Tell a title from a tool's default, a file's name or a number."""
    return (
        re.search(r"[^\W\d_]{2}", text) is not None
        and _NOT_A_TITLE.fullmatch(text) is None
        and text.casefold() != stem.casefold()
    )


def iso_date(text: str) -> str | None:
    """Read a PDF date or an ISO date as ISO 8601; None where it is neither."""
    text = text.strip()
    if _ISO_DATE.match(text):
        return text.split(" ")[0]
    found = _PDF_DATE.fullmatch(text)
    if found is None or not ("01" <= found[2] <= "12" and "01" <= found[3] <= "31"):
        return None
    day = f"{found[1]}-{found[2]}-{found[3]}"
    if found[4] is None:
        return day
    second = found[6] if found[6] is not None else "00"
    minutes = found[10] if found[10] is not None else "00"
    zone = "Z" if found[7] else f"{found[8]}{found[9]}:{minutes}" if found[8] else ""
    return f"{day}T{found[4]}:{found[5]}:{second}{zone}"


def metadata(pairs: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """Keep what says something, tidy, the first of each key."""
    kept: dict[str, str] = {}
    for key, value in pairs:
        text = flat(value)[:1000] if value is not None else ""
        if text and text.casefold() not in ("unspecified", "anonymous", "unknown", "none", "null"):
            kept.setdefault(key, text)
    return kept


def tags(text: str) -> str:
    """Return keywords, separated by commas or semicolons, as one comma-separated line."""
    return ", ".join(filter(None, (word.strip(" \"'") for word in re.split("[,;]", flat(text)))))


def sample(elements: Iterable[Element], limit: int = 20_000) -> str:
    """Return the beginning of the running text, of which the language can be told."""
    texts, size = [], 0
    for item in elements:
        if item.kind in ("paragraph", "list_item", "heading"):
            texts.append(item.text[:2000])
            size += len(texts[-1])
        if size >= limit:
            break
    return "\n".join(texts)


def read(path: Path) -> bytes:
    """Return the file's bytes; raises ParseFailed if there are none."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ParseFailed(f"cannot be read: {error.strerror}") from error
    if not data:
        raise ParseFailed("empty file")
    return data
