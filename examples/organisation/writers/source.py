"""The texts under ``content/``: a small header, a line ``---`` and a body in a small Markdown.

Directives in a body: ``{{table:NAME}}`` puts in a table computed from a fixed seed, ``{{value:NAME}}`` a
figure taken from such a table, ``{{chart:NAME}}`` a bar chart (PDF only) and ``{{pagebreak}}`` a new page.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from .figures import TABLES, values

CONTENT = Path(__file__).resolve().parents[1] / "content"
AUTHORITY = "Talvern Regional Health Authority"
MONTHS = dict(Jan=1, Feb=2, Mar=3, Apr=4, May=5, Jun=6, Jul=7, Aug=8, Sep=9, Oct=10, Nov=11, Dec=12)
MONTHS |= {"Mär": 3, "Mai": 5, "Okt": 10, "Dez": 12}
LABELS: dict[str, dict[str, str]] = {
    "en": {"ref": "Reference", "date": "Date", "owner": "Owner", "status": "Status", "toc": "Contents"},
    "de": {"ref": "Aktenzeichen", "date": "Stand", "owner": "Zuständig", "status": "Status", "toc": "Inhalt"},
    "fr": {"ref": "Référence", "date": "Date", "owner": "Responsable", "status": "Statut", "toc": "Sommaire"},
    "ja": {"ref": "文書番号", "date": "日付", "owner": "担当", "status": "区分", "toc": "目次"},
}


@dataclass(frozen=True)
class Source:
    """One text of the organisation: its header and its body with the directives expanded."""

    head: dict[str, str]
    body: str

    @property
    def lang(self) -> str:
        """Return the language the text is written in."""
        return self.head.get("lang", "en")

    @property
    def issuer(self) -> str:
        """Return who wrote it; the Authority, unless the header says otherwise."""
        return self.head.get("issuer", AUTHORITY)

    @property
    def day(self) -> datetime:
        """Return the day of the header's date, at nine in the morning."""
        day, month, year = re.findall(r"(\d+)\.? ([^\W\d]+) (\d{4})", self.head["date"])[0]
        return datetime(int(year), MONTHS[month[:3]], int(day), 9)

    def meta(self) -> list[tuple[str, str]]:
        """Return the labelled lines that stand under the title."""
        labels = LABELS[self.lang]
        return [
            (labels[key], self.head[key]) for key in ("ref", "date", "owner", "status") if key in self.head
        ]


@dataclass
class Block:
    """One block of a body: a heading, a paragraph, a list, a table, a note, a footnote or a directive."""

    kind: str
    text: str = ""
    level: int = 0
    items: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)


def read_source(path: Path) -> Source:
    """Read one source file: header lines up to ``---``, then the body."""
    head_text, _, body = path.read_text(encoding="utf-8").partition("\n---\n")
    pairs = (line.partition(":") for line in head_text.splitlines() if line.strip())
    head = {key.strip(): value.strip() for key, _, value in pairs}
    return Source(head, expand(body.strip("\n")) + "\n")


def expand(body: str) -> str:
    """Replace the table and value directives of a body by what they stand for."""
    body = re.sub(r"\{\{table:([\w-]+)\}\}", lambda match: as_pipes(TABLES[match[1]]()), body)
    return re.sub(r"\{\{value:([\w-]+)\}\}", lambda match: values()[match[1]], body)


def as_pipes(rows: list[list[str]]) -> str:
    """Write rows as a pipe table, numeric columns aligned to the right."""
    rule = ["---:" if re.fullmatch(r"[\d,.\s%-]+", cell) else "---" for cell in rows[1]]
    return "\n".join("| " + " | ".join(row) + " |" for row in [rows[0], rule, *rows[1:]])


def parse(body: str) -> Iterator[Block]:
    """Split a body into its blocks."""
    for chunk in re.split(r"\n\s*\n", body.strip("\n")):
        lines = chunk.splitlines()
        heading = re.match(r"(#+) (.*)", lines[0])
        if heading:
            yield Block("heading", heading[2], level=len(heading[1]))
            lines = lines[1:]
        if lines:
            yield parse_lines(lines)


def parse_lines(lines: list[str]) -> Block:
    """Turn the lines of one chunk that is no heading into a block."""
    first = lines[0]
    directive = re.fullmatch(r"\{\{([\w:-]+)\}\}", first)
    if directive:
        return Block("directive", directive[1])
    if first.startswith("|"):
        cells = [[cell.strip() for cell in line.strip()[1:-1].split("|")] for line in lines]
        return Block("table", rows=[cells[0], *cells[2:]], right=[rule.endswith(":") for rule in cells[1]])
    footnote = re.match(r"\[\^\d+\]: ", first)
    if footnote:
        return Block("footnote", " ".join(lines)[footnote.end() :])
    if first.startswith("> "):
        return Block("note", " ".join(line.removeprefix(">").strip() for line in lines))
    if re.match(r"(- |\d+\. )", first):
        kind = "bullets" if first.startswith("- ") else "numbers"
        return Block(kind, items=list_items(lines))
    return Block("paragraph", "\n".join(lines))


def list_items(lines: list[str]) -> list[str]:
    """Gather the items of a list, joining continuation lines to their item."""
    items: list[str] = []
    for line in lines:
        start = re.match(r"(- |\d+\. )(.*)", line)
        if start:
            items.append(start[2])
        else:
            items[-1] += " " + line.strip()
    return items


def inline(text: str) -> str:
    """Turn the inline marks of a text into the tags that both HTML and reportlab know."""
    text = html.escape(" ".join(text.split()), quote=False)
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    text = re.sub(r"(?<![\w*])\*([^*]+?)\*(?![\w*])", r"<i>\1</i>", text)
    return re.sub(r"\[([^\]]+)\]\(([^)]+)\)", r'<a href="\2">\1</a>', text)


def runs(text: str) -> Iterator[tuple[str, str]]:
    """Split a text into runs of one look: none, ``b`` bold, ``i`` italic or ``^`` a footnote's mark."""
    marks = r"\*\*(?P<b>.+?)\*\*|(?<![\w*])\*(?P<i>[^*]+?)\*(?![\w*])|\[\^(?P<note>\d+)\]"
    text, done = " ".join(text.split()), 0
    for mark in re.finditer(marks, text):
        if mark.start() > done:
            yield text[done : mark.start()], ""
        look = mark.lastgroup or ""
        yield mark[look], {"note": "^"}.get(look, look)
        done = mark.end()
    if done < len(text):
        yield text[done:], ""
