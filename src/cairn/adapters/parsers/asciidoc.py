"""AsciiDoc: headings, lists, tables, blocks and notes, read line by line.

Follows no include and no link, evaluates no condition. Attributes that the document itself sets
are put in for their names; others stay as written.
"""

import re
from pathlib import Path

from cairn.adapters.parsers import tidy
from cairn.adapters.parsers.asciidoc_tables import table
from cairn.adapters.parsers.lightmarkup import Builder, Inline, document
from cairn.adapters.parsers.text import SourceLine, decode, lines
from cairn.protocols import Parser
from cairn.types import Document, ElementKind

_HEADING = re.compile(r"(={1,6}|#{1,6})\s+(\S.*?)(?:\s+\1)?\s*")
_UNDERLINE = re.compile(r"([=\-~^+])\1{2,}\s*")
_ATTRIBUTE = re.compile(r":(!?[\w-]+!?):(?:\s+(.*))?")
_DELIMITER = re.compile(r"(-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|/{4,}|--|```.*|~~~.*)\s*")
_TABLE = re.compile(r"([|,:!])={3,}\s*")
_BLOCK_TITLE = re.compile(r"\.(?![.\s])(.+)")
_BLOCK_LIST = re.compile(r"\[.*\]\s*")
_ITEM = re.compile(r"\s*(?:(?:\*{1,5}|-|\.{1,5})|(\d+\.|[a-zA-Z]\.|<[\d.]+>))\s+(?=\S)(?:\[[ xX*]\]\s+)?")
_TERM = re.compile(r"\s*(\S.*?)(?::{2,4}|;;)(?:\s+(.*)|\s*)")
_IMAGE = re.compile(r"(?:image|video|audio)::(\S*?)\[(.*)\]\s*")
_SKIPPED = re.compile(
    r"//(?!/).*|'{3,}|<{3,}|(?:include|ifdef|ifndef|ifeval|endif|toc)::.*|\+|\[\[[^\[\]]*\]\]|-{3}|\*{3}"
)
_REVISION = re.compile(r"(?:v?[\d.]+\w*,\s*)?(\d{4}-\d\d-\d\d|[\w .]+\d{4})?(?::\s.*)?|v[\d.]+.*")
_AUTHOR = re.compile(r"[^\W\d_][^<>:|=]*(?:<[^<>]*>)?(?:;\s*[^\W\d_][^<>:|=]*(?:<[^<>]*>)?)*")
_LEVELS = "=-~^+"
_KNOWN = {
    **{"author": "author", "authors": "author", "revdate": "created", "date": "created"},
    **{"keywords": "tags", "description": "description", "lang": "language", "organization": "publisher"},
}

_NOTE = re.compile(r"footnote(?:ref)?:([\w-]*)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]")
_MACRO = re.compile(
    r"(?:link|xref|mailto|image|icon|kbd|btn|menu|stem|latexmath|asciimath|pass|indexterm2?|anchor):{1,2}"
    r"([^\s\[\]]{0,300})\[([^\[\]]*)\]"
)
_URL = re.compile(r"(?:https?|ftp|irc)://[^\s\[\]<>]{1,500}\[([^\[\]]*)\]")
_REFERENCE = re.compile(r"<<([^<>,]+)(?:,\s*([^<>]+))?>>")
_CODE = re.compile(r"(`{1,2}\+?|\+{1,3})(?=\S)((?:(?!\1)[^\n])*?\S|\S)(?:\+?`{1,2}|\1)(?!\w)")
_STYLES = (
    re.compile(r"(?<![\w*])\*{1,2}(?=[^\s*])([^*]*[^\s*])\*{1,2}(?![\w*])"),
    re.compile(r"(?<![\w_])_{1,2}(?=[^\s_])((?:[^_]|(?<=\w)_(?=\w))*[^\s_])_{1,2}(?![\w_])"),
    re.compile(r"(?<![\w#&])(?:\[[^\[\]]*\])?#{1,2}(?=[^\s#])([^#]*[^\s#])#{1,2}(?![\w#])"),
    re.compile(r"\^([^\s^]+)\^"),
    re.compile(r"~([^\s~]+)~"),
)
_ODD = re.compile(
    r"\[\[[^\[\]]*\]\]|\(\(\([^()]*\)\)\)| \+$|(?<!\()\(\((?=[^()]*\)\))|\)\)(?!\))", re.MULTILINE
)
_NAME = re.compile(r"\{([\w-]+)\}")
_PLAIN = {"nbsp": " ", "sp": " ", "empty": "", "blank": "", "amp": "&", "lt": "<", "gt": ">", "plus": "+"}
_HELD = re.compile("\ue000(\\d+)\ue001")
_PRIVATE = re.compile("[\ue000\ue001]")


class _Words:
    """Takes AsciiDoc's marks off, with the attributes the document has set so far."""

    def __init__(self) -> None:
        self.attributes: dict[str, str] = dict(_PLAIN)
        self._room = 1_000_000

    def __call__(self, text: str) -> Inline:
        notes: list[str] = []
        held: list[str] = []

        def hold(found: re.Match[str]) -> str:
            held.append(found[2])
            return f"\ue000{len(held) - 1}\ue001"

        def note(found: re.Match[str]) -> str:
            notes.append(self._shown(found[2]))
            return ""

        def put(piece: str) -> str:
            return _HELD.sub(lambda found: held[int(found[1])], piece)

        text = self._shown(_NOTE.sub(note, _CODE.sub(hold, _PRIVATE.sub("", text))))
        return Inline(put(text), [put(found) for found in notes])

    def named(self, text: str) -> str:
        """Put in attributes for their names, until they have taken as much room as they may."""

        def put(found: re.Match[str]) -> str:
            value = self.attributes.get(found[1].lower(), found[0])
            self._room -= len(value)
            return value if self._room > 0 else found[0]

        return _NAME.sub(put, text)

    def _shown(self, text: str) -> str:
        text = self.named(text)
        text = _MACRO.sub(_macro, _URL.sub(_linked, text))
        text = _REFERENCE.sub(lambda found: found[2] if found[2] else found[1], _ODD.sub("", text))
        for pattern in _STYLES:
            text = pattern.sub(r"\1", text)
        return text


def _linked(found: re.Match[str]) -> str:
    shown = found[1].split(",")[0].removesuffix("^").strip("\"' ")
    return shown if shown and "=" not in shown else found[0].split("[")[0]


def _macro(found: re.Match[str]) -> str:
    if found[0].startswith("anchor"):
        return ""
    shown: str = (
        found[2] if found[0].startswith(("stem", "latexmath", "asciimath")) else found[2].split(",")[0]
    )
    return shown.removesuffix("^").strip('"') if shown else found[1]


class _Reader:
    """Goes through the lines once."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines = list(lines(source))
        self._words = _Words()
        self._builder = Builder(source, self._words)
        self._open: list[SourceLine] = []
        self._kind: ElementKind = "paragraph"
        self._lead = ""
        self._caption: SourceLine | None = None
        self._style = ""
        self._endless: dict[str, int] = {}
        self.said: dict[str, str] = {}

    def read(self, name: str) -> Document:
        at = self._header()
        while at < len(self._lines):
            at = self._step(at)
        self._flush()
        self._captioned()
        for key, value in self._words.attributes.items():
            if key in _KNOWN:
                self.said.setdefault(_KNOWN[key], self._words(value).text)
        return document(self._builder.finish(), self.said, name)

    def _raw(self, at: int) -> str:
        line = self._lines[at]
        return self._source[line.start : line.end] if line.text else ""

    def _header(self) -> int:
        """Read the title and the lines of author, revision and attributes below it."""
        at = 0
        while at < len(self._lines) and (not self._raw(at) or self._is_setting(at)):
            at += 1
        title = _HEADING.fullmatch(self._raw(at)) if at < len(self._lines) else None
        if title is None or len(title[1]) > 1:
            return at
        self.said["title"] = self._words(title[2]).text
        self._builder.text("heading", [self._lines[at]._replace(text=title[2])], level=1)
        for key, pattern in (("author", _AUTHOR), ("created", _REVISION)):
            following = self._raw(at + 1) if at + 1 < len(self._lines) else ""
            found = pattern.fullmatch(following) if following else None
            if found is None or following.startswith((":", "=")):
                break
            told = re.sub(r"\s*<[^<>]*>", "", following).replace(";", ",") if key == "author" else found[1]
            date = tidy.iso_date(told) if key == "created" and told else None
            self.said[key] = date if date is not None else told if told else ""
            at += 1
        at += 1
        while at < len(self._lines) and self._is_setting(at):
            at += 1
        return at

    def _is_setting(self, at: int) -> bool:
        """Take a line that sets an attribute, or a comment; tell whether it was one."""
        raw = self._raw(at)
        if found := _ATTRIBUTE.fullmatch(raw):
            value = self._words.named(found[2] if found[2] is not None else "")
            self._words.attributes[found[1].strip("!").lower()] = value.removesuffix(" \\")[:1000]
            return True
        return raw.startswith("//") and not raw.startswith("////")

    def _step(self, at: int) -> int:
        """Take the block or the line at ``at``; return where the next begins."""
        raw = self._raw(at)
        if not raw:
            self._flush()
            return at + 1
        if _TABLE.fullmatch(raw):
            return self._table(at, raw.strip())
        if _DELIMITER.fullmatch(raw):
            return self._delimited(at, raw.strip())
        if self._heading(at, raw):
            return at + 1 + (_HEADING.fullmatch(raw) is None)
        if self._small(at, raw):
            return at + 1
        if not self._open and raw[0] in " \t" and not _ITEM.match(raw):
            return self._indented(at)
        self._running(self._lines[at], raw)
        return at + 1

    def _heading(self, at: int, raw: str) -> bool:
        if self._open and not self._is_list():
            return False
        found = _HEADING.fullmatch(raw)
        text, level = (found[2], len(found[1])) if found is not None else (raw, self._underlined(at, raw))
        if level:
            self._flush()
            self._style = ""
            self._builder.text("heading", [self._lines[at]._replace(text=text)], level=level)
        return level > 0

    def _underlined(self, at: int, raw: str) -> int:
        """Return the level of a heading that is underlined; 0 of any other line."""
        below = self._raw(at + 1) if at + 1 < len(self._lines) else ""
        is_rule = _UNDERLINE.fullmatch(below) is not None and abs(len(below.rstrip()) - len(raw.rstrip())) < 3
        return _LEVELS.index(below[0]) + 1 if is_rule and re.match(r"\w", raw) else 0

    def _is_list(self) -> bool:
        return self._kind == "list_item"

    def _small(self, at: int, raw: str) -> bool:
        """Take what stands on a line of its own: titles and attributes of blocks, pictures, comments."""
        line = self._lines[at]
        if _SKIPPED.fullmatch(raw.rstrip()) or (not self._open and self._is_setting(at)):
            self._flush()
        elif (title := _BLOCK_TITLE.fullmatch(raw)) and (not self._open or self._is_list()):
            self._flush()
            self._captioned()
            self._caption = line._replace(text=title[1])
        elif _BLOCK_LIST.fullmatch(raw) and (not self._open or self._is_list()):
            self._flush()
            self._style = raw.strip()[1:-1]
        elif picture := _IMAGE.fullmatch(raw):
            self._flush()
            self._captioned()
            alternative = picture[2].split(",")[0].strip('" ')
            if alternative and "=" not in alternative:
                self._builder.text("caption", [line._replace(text=alternative)], lead="Figure: ")
        else:
            return False
        return True

    def _captioned(self) -> None:
        if self._caption is not None:
            self._builder.text("caption", [self._caption])
        self._caption = None

    def _delimited(self, at: int, delimiter: str) -> int:
        """Take a block that is code or comment whole; of any other, only its delimiter."""
        self._flush()
        self._captioned()
        fence = delimiter[:3] if delimiter[0] in "`~" else delimiter
        is_code = delimiter[0] in ".+`~" or (delimiter[0] == "-" and len(delimiter) > 2)
        if not is_code and delimiter[0] != "/" and not self._style.startswith(("source", "listing", "verse")):
            self._style = ""
            return at + 1
        self._style = ""
        end = self._end(at, fence)
        if delimiter[0] != "/":
            self._builder.code(self._lines[at + 1 : end])
        return end + 1

    def _end(self, at: int, delimiter: str) -> int:
        """Return where the same delimiter stands again; of a block that never ends, where it begins."""
        if at >= self._endless.get(delimiter, len(self._lines)):
            return at
        for end in range(at + 1, len(self._lines)):
            if self._lines[end].text == delimiter:
                return end
        self._endless[delimiter] = at
        return at

    def _indented(self, at: int) -> int:
        end = at
        while end < len(self._lines) and self._raw(end):
            end += 1
        self._captioned()
        self._builder.code(self._lines[at:end])
        return end

    def _running(self, line: SourceLine, raw: str) -> None:
        item = _ITEM.match(raw)
        term = _TERM.fullmatch(raw) if item is None and ("::" in raw or ";;" in raw) else None
        if item is not None:
            self._flush()
            self._kind, self._lead = "list_item", f"{item[1]} " if item[1] and item[1][0] != "<" else ""
            raw = raw[item.end() :]
        elif term is not None and (not self._open or self._is_list()):
            self._flush()
            self._kind = "list_item"
            raw = f"{term[1]}: {term[2] if term[2] is not None else ''}"
        if not self._open:
            self._captioned()
        self._open.append(line._replace(text=raw))

    def _flush(self) -> None:
        """End the paragraph or item that is open."""
        self._builder.text(self._kind, self._open, lead=self._lead)
        self._style = "" if self._open else self._style
        self._open, self._kind, self._lead = [], "paragraph", ""

    def _table(self, at: int, delimiter: str) -> int:
        self._flush()
        self._captioned()
        end = self._end(at, delimiter)
        style, self._style = self._style, ""
        block = self._lines[at + 1 : end]
        rows, header = table(self._source, block, style, delimiter[0])
        self._builder.table(rows, header)
        return end + 1


class AsciiDoc:
    """Reads AsciiDoc files."""

    name = "asciidoc/1"
    media_types = frozenset({"text/asciidoc"})

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is binary or has no words."""
        return _Reader(decode(tidy.read(path))).read(name)


def load(rest: str) -> Parser:
    """Build the parser of AsciiDoc; it takes no argument."""
    return AsciiDoc()
