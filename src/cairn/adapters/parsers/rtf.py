"""Rich Text (RTF): paragraphs, headings by outline level, lists, tables and footnotes.

What the control words do is here; ``rtf_words`` cuts the file into them. Knows nothing of pictures,
embedded objects, running headers and footers, and of where a page ends.
"""

import re
from collections.abc import Callable
from pathlib import Path

from cairn.adapters.parsers import language, tidy
from cairn.adapters.parsers.rtf_words import Group, Words
from cairn.adapters.parsers.written import Cell, Writing, is_number, units
from cairn.errors import ParseFailed, Textless
from cairn.protocols import Parser
from cairn.types import Document

_UNREAD = """colortbl pict header headerl headerr headerf footer footerl footerr footerf objdata nonshppict
    shprslt themedata colorschememapping datastore listtable listoverridetable revtbl rsidtbl xmlnstbl
    latentstyles generator tc xe rxe txe filetbl template ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn
    bkmkstart bkmkend sn sv sp nonesttables falt panose leveltext levelnumbers background fldinst
    atnid atnauthor atntime atnref atndate atnparent do pgptbl wgrffmtfilter mmathPr passwordhash"""
_SKIPPED = frozenset(_UNREAD.split())
_READ = "shpinst shptxt nesttableprops annotation company ud pntext listtext footnote dptxbxtext"
_STARRED = frozenset(_READ.split())
"""What is read though it is marked as something that may be skipped."""
_TEXTS = {
    **{"tab": "\t", "line": "\n", "lbr": "\n", "page": "\n", "column": "\n", "softline": "\n"},
    **{"emdash": "\u2014", "endash": "\u2013", "lquote": "\u2018", "rquote": "\u2019", "bullet": "\u2022"},
    **{"ldblquote": "\u201c", "rdblquote": "\u201d", "emspace": " ", "enspace": " ", "qmspace": " "},
}
_INFO = {
    **{"title": "title", "author": "author", "keywords": "tags", "doccomm": "description"},
    **{"company": "publisher", "creatim": "created", "revtim": "modified"},
}
_HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo|kop|rubrik) ([1-9])", re.IGNORECASE)
_MOST_NOTES_DEEP = 8
_LONGEST = 2000
"""Characters kept of a name, a list's number or a fact about the document."""


class _Story:
    """Text that is being put together: the body's, or a footnote's."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.cell: list[str] = []
        self.cells: list[str] = []
        self.marker = ""
        self.notes: list[str] = []


class _Reader:
    """Follows the control words of one file."""

    def __init__(self, data: bytes) -> None:
        self._words = Words(data, _KNOWN)
        self.writing = Writing()
        self.info: dict[str, str] = {}
        self._styles: dict[int, int] = {}
        self._stories = [_Story()]
        self._edges: list[tuple[int, bool]] = []
        self._is_below = self._is_header = False
        self._named = ""
        self._date: dict[str, int] = {}

    def read(self) -> None:
        """Read the whole file."""
        for group, word, number in self._words:
            if word == "{":
                continue
            if word == "}":
                self._leave(group)
            elif word == "":
                self._take(group, self._words.text)
            elif group.into == "stylesheet":
                self._style(group, word, number)
            elif not self._enter(group, word):
                act = _ACTS.get(word)
                if act is not None:
                    act(self, group, number)
                elif word in _TEXTS:
                    self._take(group, _TEXTS[word])
                elif group.into in ("creatim", "revtim"):
                    self._date[word] = number if number is not None else 0
        while len(self._stories) > 1:
            self._end_note()
        self._end_paragraph(Group())
        self._end_row(Group(), None)

    def _enter(self, group: Group, word: str) -> bool:
        """Begin a destination; True if the word names one."""
        if word in _SKIPPED or (group.is_starred and word not in _STARRED):
            self._words.skip()
        elif word in ("pntext", "listtext"):
            group.into = "marker"
            self._stories[-1].marker = ""
        elif word in ("footnote", "annotation"):
            if len(self._stories) < _MOST_NOTES_DEEP:
                self._stories.append(_Story())
                group.into, group.is_note, group.is_cell = "text", True, False
        elif word in ("stylesheet", "info", "upr"):
            group.into = word
        elif word in _INFO and group.into == "info":
            group.into = word
            self._date = {}
        else:
            return False
        return True

    def _leave(self, group: Group) -> None:
        """End a group: what it was to hold is complete."""
        if group.is_note:
            self._end_note()
        elif group.into == "stylesheet" and self._named:
            found = _HEADING.match(self._named)
            if found is not None:
                group.outline = int(found[1]) - 1
            elif self._named.casefold().strip(" ;") in ("title", "titel", "titre"):
                group.outline = 0
            self._styles.setdefault(group.style, group.outline)
            self._named = ""
        elif group.into in ("creatim", "revtim") and self._date:
            self.info.setdefault(_INFO[group.into], _day(self._date))
            self._date = {}

    def _end_note(self) -> None:
        story = self._stories.pop()
        text = " ".join([*story.cells, "".join([*story.cell, *story.pieces])])
        self._stories[-1].notes += [units(text), *story.notes]

    def _take(self, group: Group, text: str) -> None:
        """Put text where the group's belongs."""
        if group.is_hidden:
            return
        story = self._stories[-1]
        if group.into == "text":
            story.pieces.append(text)
        elif group.into == "marker":
            story.marker = (story.marker + text)[:_LONGEST]
        elif group.into == "stylesheet":
            self._named = (self._named + text)[:_LONGEST]
        elif group.into in _INFO:
            key = _INFO[group.into]
            self.info[key] = (self.info.get(key, "") + text)[:_LONGEST]

    def _style(self, group: Group, word: str, number: int | None) -> None:
        if word in ("s", "cs", "ds", "ts"):
            group.style = number if number is not None and word == "s" else -1
        elif word == "outlinelevel" and number is not None:
            group.outline = number

    def _end_paragraph(self, group: Group, number: int | None = None) -> None:
        if group.into != "text":
            return
        story = self._stories[-1]
        text = "".join(story.pieces)
        story.pieces = []
        if group.is_cell or len(self._stories) > 1:
            story.cell.append(f"{text}\n")
            return
        if not text.strip() and (story.cell or story.cells):
            return
        self._end_row(group, None)
        outline = group.outline if group.outline >= 0 else self._styles.get(group.style, -1)
        level = outline + 1 if 0 <= outline <= 8 else 0
        notes, story.notes = story.notes, []
        marker, story.marker = story.marker, ""
        is_item = bool(marker.strip()) or group.is_item
        self.writing.paragraph(units(text), level=level, is_item=is_item, marker=units(marker), notes=notes)

    def _end_cell(self, group: Group, number: int | None) -> None:
        if group.into != "text":
            return
        story = self._stories[-1]
        text = units("".join([*story.cell, *story.pieces]))
        if is_number(story.marker):
            text = f"{units(story.marker)} {text}"
        story.pieces, story.cell, story.marker = [], [], ""
        story.cells.append(tidy.flat(text))

    def _end_inner_cell(self, group: Group, number: int | None) -> None:
        """Keep a table within a cell as words of that cell."""
        story = self._stories[-1]
        if group.into == "text":
            story.cell.append("".join(story.pieces).strip() + " \u00b7 ")
            story.pieces = []

    def _end_inner_row(self, group: Group, number: int | None) -> None:
        story = self._stories[-1]
        if story.cell:
            story.cell[-1] = story.cell[-1].removesuffix(" \u00b7 ") + "; "

    def _end_row(self, group: Group, number: int | None) -> None:
        story = self._stories[-1]
        if len(self._stories) > 1 or group.into != "text":
            return
        if story.cell:
            self._end_cell(group, None)
        texts, story.cells = story.cells, []
        if not texts:
            return
        edges = self._edges if len(self._edges) == len(texts) else []
        cells = [
            Cell(text, edges[at][0] if edges else None, bool(edges) and edges[at][1])
            for at, text in enumerate(texts)
        ]
        notes, story.notes = story.notes, []
        self.writing.row(cells, is_header=self._is_header, notes=notes)

    def _define_row(self, group: Group, number: int | None) -> None:
        self._edges = []
        self._is_below = self._is_header = False

    def _define_edge(self, group: Group, number: int | None) -> None:
        self._edges.append((number if number is not None else 0, self._is_below))
        self._is_below = False

    def _define_below(self, group: Group, number: int | None) -> None:
        self._is_below = True

    def _define_header(self, group: Group, number: int | None) -> None:
        self._is_header = number != 0

    def _reset(self, group: Group, number: int | None) -> None:
        group.style, group.outline, group.is_cell, group.is_item = 0, -1, False, False


def _in_cell(reader: _Reader, group: Group, number: int | None) -> None:
    group.is_cell = number != 0


def _listed(reader: _Reader, group: Group, number: int | None) -> None:
    group.is_item = number != 0


def _styled(reader: _Reader, group: Group, number: int | None) -> None:
    group.style = number if number is not None else 0


def _outlined(reader: _Reader, group: Group, number: int | None) -> None:
    group.outline = number if number is not None else -1


def _hidden(reader: _Reader, group: Group, number: int | None) -> None:
    group.is_hidden = number != 0


def _shown(reader: _Reader, group: Group, number: int | None) -> None:
    group.is_hidden = False


_Act = Callable[[_Reader, Group, int | None], None]
_ACTS: dict[str, _Act] = {
    "par": _Reader._end_paragraph,
    "sect": _Reader._end_paragraph,
    "cell": _Reader._end_cell,
    "nestcell": _Reader._end_inner_cell,
    "nestrow": _Reader._end_inner_row,
    "row": _Reader._end_row,
    "trowd": _Reader._define_row,
    "cellx": _Reader._define_edge,
    "clvmrg": _Reader._define_below,
    "trhdr": _Reader._define_header,
    "pard": _Reader._reset,
    "intbl": _in_cell,
    "ls": _listed,
    "s": _styled,
    "outlinelevel": _outlined,
    "v": _hidden,
    "deleted": _hidden,
    "plain": _shown,
}


_KNOWN = (
    *(*_SKIPPED, *_STARRED, *_TEXTS, *_INFO, *_ACTS),
    *("stylesheet", "info", "upr", "cs", "ds", "ts", "yr", "mo", "dy", "hr", "min"),
)


def _day(found: dict[str, int]) -> str:
    """Return a date and time of RTF as ISO 8601; empty if it is none."""
    year, month, day = (found.get(key, 0) for key in ("yr", "mo", "dy"))
    hour, minute = found.get("hr", 0), found.get("min", 0)
    if not (1900 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= 31):
        return ""
    at = f"T{hour:02}:{minute:02}" if 0 <= hour <= 23 and 0 <= minute <= 59 and "hr" in found else ""
    return f"{year:04}-{month:02}-{day:02}{at}"


class RichTextFile:
    """Reads RTF files."""

    name = "rtf/1"
    media_types = frozenset({"application/rtf", "text/rtf"})

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is no RTF, damaged or has no text."""
        data = tidy.read(path)
        if not data.lstrip(b"\xef\xbb\xbf\0 \t\r\n").startswith(b"{\\"):
            raise ParseFailed("it is damaged: it does not begin as Rich Text does")
        reader = _Reader(data)
        reader.read()
        elements = tuple(reader.writing.elements)
        if not elements:
            raise Textless("no text in it")
        said = {key: units(text) for key, text in reader.info.items()}
        title = said.pop("title", None)
        metadata = tidy.metadata(said.items())
        if "tags" in metadata:
            metadata["tags"] = tidy.tags(metadata["tags"])
        return Document(
            title=tidy.titled((title,), elements, name),
            elements=elements,
            metadata=metadata,
            language=language.detect(tidy.sample(elements)),
        )


def load(rest: str) -> Parser:
    """Build the parser of Rich Text; it takes no argument."""
    return RichTextFile()
