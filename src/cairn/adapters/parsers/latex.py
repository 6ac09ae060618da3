r"""LaTeX: sections, paragraphs, lists, tables, captions and notes, by the commands that mean these.

Expands no macro of the document's own, follows no ``\input``, knows no package: of a command it does not
know, the text in its braces stays. Mathematics stays as written. Comments and the preamble are left out.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path

from cairn.adapters.parsers import tidy
from cairn.adapters.parsers.latex_words import Arguments, inline
from cairn.adapters.parsers.lightmarkup import Builder, Cells, document, names
from cairn.adapters.parsers.text import SourceLine, decode, lines
from cairn.protocols import Parser
from cairn.types import Document, ElementKind

_COMMENT = re.compile(
    r"\\(?:verb|lstinline)\*?([^\w\s{])[^\n\r]*?\1|\\(?:url|href)\s*\{[^{}\n\r]*\}|\\.|(?P<comment>%[^\n\r]*)"
)
_MARK = re.compile(
    r"\\(?P<begin>begin|end)\s*\{(?P<name>[a-zA-Z]+)\*?\}"
    r"|\\(?P<section>part|chapter|section|subsection|subsubsection|paragraph|subparagraph|frametitle)\*?(?![a-zA-Z])"
    r"|\\(?P<item>item)(?![a-zA-Z])|\\(?P<caption>caption(?:of\s*\{\w+\})?)\*?(?=\s*[\[{])"
    r"|\\(?P<bibitem>bibitem)(?![a-zA-Z])|(?P<blank>\r?\n[ \t]*\r?\n\s*)|\\(?P<par>par)(?![a-zA-Z])"
)
_SAID = re.compile(r"\\(title|author|date|subtitle|keywords|hypersetup)\s*(?:\[[^\[\]]*\])?\s*(?=\{)")
_LEVELS = ("part", "chapter", "section", "subsection", "subsubsection", "paragraph", "subparagraph")
_VERBATIM = names("verbatim Verbatim lstlisting minted alltt BVerbatim LVerbatim comment")
_MATH = names("equation align gather multline eqnarray displaymath math flalign alignat IEEEeqnarray dmath")
_DRAWN = names("tikzpicture pgfpicture picture filecontents pspicture axis")
_TABLES = names("tabular tabularx tabulary longtable supertabular tabu tblr longtblr xltabular")
_LISTS = names("itemize enumerate description compactitem compactenum thebibliography")
_WIDE = names("tabularx tabulary xltabular")
_OWN_ARGUMENT = names("minipage multicols thebibliography wrapfigure adjustbox column spacing tcolorbox")
_LOOSE = re.compile(
    r"\\(?:h?line|toprule|midrule|bottomrule|endhead|endfirsthead|endfoot|endlastfoot|tabularnewline|noalign\s*\{\}"
    r"|(?:cline|cmidrule|cmidrule\([^()]*\)|specialrule|addlinespace)\s*(?:\[[^\[\]]*\])?\s*(?:\{[^{}]*\})?)"
)
_ROW = re.compile(
    r"\\\\\*?(?:\[[^\[\]]*\])?|\\tabularnewline|\\end(?:first)?head|\\end(?:last)?foot|\\(?:mid|h)(?:rule|line)"
)
_LONGEST = 5000
"""Characters of what a document says of itself."""
_CAPTION = re.compile(r"\\caption\*?(?![a-zA-Z])")
_NESTED = re.compile(
    r"\\begin\s*\{minipage\}(?:\[\w\])?\s*\{[^{}]*\}"
    r"|\\(?:begin|end)\s*\{(?:minipage|tabular|center|flushleft|flushright|itemize)\}"
)
_RULES = ("\\midrule", "\\hline", "\\endfirsthead", "\\endhead")
_CELL = re.compile(r"(?<!\\)&")
_SPAN = re.compile(r"\s*\\multicolumn\s*\{(\d{1,3})\}")


def _blanked(found: re.Match[str]) -> str:
    """Return spaces for a comment, so that every other character keeps its place."""
    return found[0] if found["comment"] is None else " " * len(found[0])


class _Reader:
    """Goes through the marks of a text once."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._body = _COMMENT.sub(_blanked, source)
        self._arguments = Arguments(self._body)
        self._lines = list(lines(source))
        self._starts = [line.start for line in self._lines]
        self._builder = Builder(source, inline)
        self._lists: list[list[str | int]] = []
        self._kind: ElementKind = "paragraph"
        self._lead = ""
        self._top = 2
        self._endless: set[str] = set()
        self._done: set[int] = set()
        self.said: dict[str, str] = {}

    def read(self, name: str) -> Document:
        begin = self._body.find("\\begin{document}")
        end = self._body.find("\\end{document}", max(begin, 0))
        end = end if end >= 0 else len(self._body)
        self._settings(end)
        first = begin + len("\\begin{document}") if begin >= 0 else 0
        used = {found["section"] for found in _MARK.finditer(self._body, first, end) if found["section"]}
        self._top = next((at for at, level in enumerate(_LEVELS) if level in used), 2)
        self._walk(first, end)
        return document(self._builder.finish(), self.said, name)

    def _settings(self, end: int) -> None:
        for found in _SAID.finditer(self._body, 0, end):
            text, _ = self._arguments.read(found.end())
            if found[1] == "hypersetup":
                for key, value in re.findall(
                    r"pdf(title|author|keywords)\s*=\s*\{([^{}]*)\}", text[:_LONGEST]
                ):
                    self.said.setdefault({"keywords": "tags"}.get(key, key), inline(value).text)
                continue
            value = tidy.flat(inline(re.sub(r"\s*(?:\\and\b|\\\\)\s*", ", ", text[:_LONGEST])).text)
            date = tidy.iso_date(value[:10]) if found[1] == "date" else None
            key = {"date": "created", "keywords": "tags", "subtitle": "description"}.get(found[1], found[1])
            if value not in ("", "\\today"):
                self.said.setdefault(key, date if date is not None else value)

    def _walk(self, at: int, end: int) -> None:
        while at < end:
            mark = _MARK.search(self._body, at, end)
            if mark is None:
                break
            self._text(at, mark.start())
            at = self._take(mark, end)
        self._text(at, end)

    def _take(self, mark: re.Match[str], end: int) -> int:
        """Take what a mark begins; return where what follows it begins."""
        at = mark.end()
        if mark["section"]:
            return self._heading(mark, at)
        if mark["item"] or mark["bibitem"]:
            return self._item(mark, at)
        if mark["caption"]:
            at = self._captioned(mark.start(), at)
        elif mark["begin"] == "begin":
            return self._environment(mark, end)
        elif mark["begin"] == "end" and mark["name"] in _LISTS and self._lists:
            self._lists.pop()
        if not mark["caption"]:
            self._kind, self._lead = "paragraph", ""
        return at

    def _captioned(self, mark: int, at: int) -> int:
        """Add the caption whose mark ends at ``at``, once; return where it ends."""
        _, begin = self._arguments.read(at, "[")
        _, end = self._arguments.read(begin)
        if mark not in self._done:
            self._done.add(mark)
            self._builder.text("caption", self._pieces(begin, end))
        return end

    def _heading(self, mark: re.Match[str], at: int) -> int:
        _, at = self._arguments.read(at, "[")
        begin = at
        _, at = self._arguments.read(at)
        named = mark["section"]
        level = _LEVELS.index(named) - self._top + 1 if named in _LEVELS else 2
        self._builder.text("heading", self._pieces(begin, at), level=max(1, level))
        self._kind, self._lead = "paragraph", ""
        return at

    def _item(self, mark: re.Match[str], at: int) -> int:
        label, at = self._arguments.read(at, "[")
        if mark["bibitem"]:
            key, at = self._arguments.read(at)
            label = label if label else key
        self._kind = "list_item"
        named = tidy.flat(inline(label).text)
        is_term = bool(self._lists) and self._lists[-1][0] == "description"
        self._lead = f"[{named}] " if mark["bibitem"] else f"{named}{':' * is_term} " if named else ""
        if not label and self._lists and self._lists[-1][0] in ("enumerate", "compactenum"):
            self._lists[-1][1] = int(self._lists[-1][1]) + 1
            self._lead = f"{self._lists[-1][1]}. "
        return at

    def _environment(self, mark: re.Match[str], end: int) -> int:
        name, at = mark["name"], mark.end()
        self._kind = "paragraph"
        if name in _LISTS:
            self._lists.append([name, 0])
            _, at = self._arguments.read(at, "[")
        if name in _VERBATIM | _MATH | _DRAWN | _TABLES:
            return self._whole(name, mark, end)
        if name in ("figure", "table", "frame", "theorem", "lemma", "proof", "definition"):
            _, after = self._arguments.read(at, "[")
            if name == "table":
                self._caption_first(at)
            return after if name in ("figure", "table") else at
        if name in _OWN_ARGUMENT:
            while True:
                _, after = self._arguments.read(at, "[")
                _, after = self._arguments.read(after)
                if after == at:
                    return at
                at = after
        return at

    def _caption_first(self, at: int) -> None:
        """Add the caption of a table before it, wherever it is written."""
        close = self._body.find("\\end{table", at, at + 10 * _LONGEST)
        caption = _CAPTION.search(self._body, at, close) if close >= 0 else None
        if caption is not None:
            self._captioned(caption.start(), caption.end())

    def _whole(self, name: str, mark: re.Match[str], end: int) -> int:
        """Take an environment that is not running text, up to its end."""
        source = self._source if name in _VERBATIM else self._body
        first = mark.end()
        if name in self._endless:
            return first
        close = re.compile(rf"\\end\s*\{{{name}\*?\}}").search(source, first, end)
        if close is None:
            self._endless.add(name)
            return first
        stop = close.start()
        if name in _TABLES:
            self._table(name, first, stop)
        elif name in _MATH:
            self._builder.code(self._lines_of(mark.start(), close.end()))
        elif name not in ("comment", *_DRAWN):
            if name in ("lstlisting", "minted", "Verbatim"):
                _, first = self._arguments.read(first, "[")
                _, first = self._arguments.read(first) if name == "minted" else ("", first)
            self._builder.code(self._lines_of(first, stop))
        return close.end()

    def _table(self, name: str, at: int, end: int) -> None:
        _, at = self._arguments.read(at, "[")
        for _ in range(2 if name in _WIDE else 1):
            _, at = self._arguments.read(at)
        caption = _CAPTION.search(self._body, at, end)
        if caption is not None:
            at = self._captioned(caption.start(), caption.end())
        rows, header = _headed(self._rows(at, end))
        self._builder.table(rows, header)

    def _rows(self, at: int, end: int) -> Iterator[tuple[Cells, str]]:
        """Yield rows, without cells where a rule follows another, and with what ended each."""
        while at < end:
            found = _ROW.search(self._body, at, end)
            stop = found.start() if found is not None else end
            text = _LOOSE.sub(" ", _NESTED.sub(" ", self._body[at:stop]))
            texts: list[str] = []
            for cell in _CELL.split(text) if text.strip() else []:
                span = _SPAN.match(cell)
                texts += [cell] + [""] * (min(int(span[1]), 100) - 1 if span is not None else 0)
            first = at + len(self._body[at:stop]) - len(self._body[at:stop].lstrip())
            yield Cells(texts, self._line(first), self._line(max(first, stop - 1))), found[0] if found else ""
            at = found.end() if found is not None else end

    def _line(self, at: int) -> SourceLine:
        return self._lines[bisect_right(self._starts, at) - 1]

    def _lines_of(self, begin: int, end: int) -> list[SourceLine]:
        """Return the lines of characters ``begin:end``, cut there."""
        first, last = (
            bisect_right(self._starts, begin) - 1,
            bisect_right(self._starts, max(begin, end - 1)) - 1,
        )
        return [
            SourceLine(line.number, start, stop, tidy.flat(self._source[start:stop]))
            for line in self._lines[first : last + 1]
            if (start := max(line.start, begin)) <= (stop := min(line.end, end))
        ]

    def _pieces(self, begin: int, end: int) -> list[SourceLine]:
        """Return characters ``begin:end`` as lines as written."""
        return [line._replace(text=self._body[line.start : line.end]) for line in self._lines_of(begin, end)]

    def _text(self, begin: int, end: int) -> None:
        """Add what stands between two marks."""
        if not self._body[begin:end].strip("{}[] \t\r\n~"):
            return
        before = self._builder.size
        self._builder.text(self._kind, self._pieces(begin, end), lead=self._lead)
        if self._builder.size > before:
            self._kind, self._lead = "paragraph", ""


def _headed(rows: Iterable[tuple[Cells, str]]) -> tuple[list[Cells], int]:
    """Return the rows that hold cells, and how many stand above the first rule below a row.

    The head that a long table repeats on its further pages is left out.
    """
    kept: list[Cells] = []
    header, repeats = 0, False
    for cells, sign in rows:
        if cells.texts and not repeats:
            kept.append(cells)
        if not header and sign.startswith(_RULES):
            header = len(kept)
        repeats = (repeats or sign == "\\endfirsthead") and sign != "\\endhead"
    return kept, header if header < min(len(kept), 4) else 0


class Latex:
    """Reads LaTeX files."""

    name = "latex/1"
    media_types = frozenset({"text/x-tex"})

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is binary or has no words."""
        return _Reader(decode(tidy.read(path))).read(name)


def load(rest: str) -> Parser:
    """Build the parser of LaTeX; it takes no argument."""
    return Latex()
