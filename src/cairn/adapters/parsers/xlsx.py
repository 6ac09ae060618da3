"""Excel workbooks (XLSX and its kin), cells as they show, comments, text boxes and pictures' descriptions.

Runs no macro and computes no formula: of one without a stored result the formula itself is shown. Knows
neither charts, of which the data stand in cells anyway, nor pivot caches.
"""

import posixpath
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from cairn.adapters.parsers import grid, number_formats, tidy, zipped
from cairn.adapters.parsers.grid import Budget, Full
from cairn.adapters.parsers.plainrows import EXCEL
from cairn.adapters.parsers.sheetxml import (
    Book,
    SheetReader,
    Show,
    Strings,
    head,
    stream,
    unescaped,
)
from cairn.errors import ParseFailed
from cairn.protocols import Parser
from cairn.types import Document, cell_corners

_MOST_XML = 64 * 1024 * 1024
"""Bytes of a part that is read whole: styles, comments, drawings."""
_MOST_REMARKS = 20_000
_MOST_SHEETS = 2000
_OLE = b"\xd0\xcf\x11\xe0"
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_PROPERTIES = {
    "creator": "author",
    "created": "created",
    "modified": "modified",
    "keywords": "tags",
    "description": "description",
    "Company": "publisher",
}


class _Link(NamedTuple):
    """What a part refers to: the last word of the relation's type and the other part's name."""

    kind: str
    target: str


def _local(node: zipped.Node) -> str:
    return str(node.tag).rpartition("}")[2]


def _all(root: zipped.Node, *names: str) -> Iterator[zipped.Node]:
    return root.iter(*(f"{{*}}{name}" for name in names)) if root is not None else iter(())


def _attribute(node: zipped.Node, name: str) -> str:
    """Return an attribute by its local name, whatever its namespace."""
    return next((value for key, value in node.items() if key.rpartition("}")[2] == name), "")


class _Workbook:
    """The parts of one workbook."""

    def __init__(self, archive: zipped.Zipped) -> None:
        self.archive = archive
        self.unread: list[str] = []
        main = next((link.target for link in self.links("").values() if link.kind == "officeDocument"), "")
        self._main = main if main in archive.names else "xl/workbook.xml"
        self._links = self.links(self._main)
        self.root = archive.xml(self._main)
        self.is_1904 = any(
            _attribute(node, "date1904") in ("1", "true") for node in _all(self.root, "workbookPr")
        )

    def xml(self, name: str) -> zipped.Node | None:
        """Return the root of a part that need not be there or be sound."""
        if name not in self.archive.names:
            return None
        try:
            return zipped.xml(self.archive.read(name, _MOST_XML), name)
        except ParseFailed as error:
            self.unread.append(str(error))
            return None

    def links(self, part: str) -> dict[str, _Link]:
        """Return what a part refers to inside the file, by id."""
        folder, name = posixpath.split(part)
        root = self.xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        found = {}
        for node in _all(root, "Relationship"):
            if node.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, node.get("Target", "")))
                kind = node.get("Type", "").rpartition("/")[2]
                found[node.get("Id", "")] = _Link(kind, target.lstrip("/"))
        return found

    def one(self, kind: str) -> str:
        """Return the name of the part of a kind that all sheets share."""
        return next((link.target for link in self._links.values() if link.kind == kind), "")

    def sheets(self) -> Iterator[tuple[str, _Link]]:
        """Yield the sheets' names and parts in the workbook's order."""
        for at, node in enumerate(_all(self.root, "sheet"), 1):
            link = self._links.get(_attribute(node, "id"))
            if link is not None and at <= _MOST_SHEETS:
                name = tidy.flat(node.get("name", ""))[:200]
                yield name if name else f"Sheet {at}", link

    def book(self) -> Book:
        """Read what the sheets share."""
        shows, bold = _styles(self.xml(self.one("styles")), self.is_1904)
        budget = Budget()
        strings = Strings()
        name = self.one("sharedStrings")
        if name in self.archive.names:
            with self.archive.open(name) as member:
                problem = stream(member, budget, strings.start, strings.data)
            with suppress(Full):
                strings.finish()
            if problem:
                self.unread.append(f"some texts of cells: {problem}")
        default = shows.get("0", _show(number_formats.GENERAL))
        return Book(strings=strings.texts, shows=shows, default=default, bold=bold, budget=budget)

    def sheet(self, name: str, part: str, book: Book) -> grid.Sheet:
        """Read one worksheet with its comments and drawings."""
        reader = SheetReader(name, book)
        links = self.links(part).values()
        with self.archive.open(part) as member:
            problem = stream(member, book.budget, reader.start, reader.data, rows=(EXCEL, reader.take_row))
        sheet = reader.finish()
        if problem:
            last = f" after row {sheet.lines[-1].number:,}" if sheet.lines else ""
            self.unread.append(f"sheet {name!r}{last}: {problem}")
        for link in links:
            if link.kind == "table" and (root := self.xml(link.target)) is not None:
                rows = root.get("headerRowCount", "1")
                head(sheet, root.get("ref", ""), int(rows) if rows in ("1", "2", "3") else 0)
            elif link.kind == "comments":
                sheet.remarks += _comments(self.xml(link.target))
            elif link.kind == "drawing":
                sheet.remarks += _drawn(self.xml(link.target))
        del sheet.remarks[_MOST_REMARKS:]
        return sheet


def _styles(root: zipped.Node | None, is_1904: bool) -> tuple[dict[str | None, Show], set[str | None]]:
    """Return how numbers show by style, and which styles are bold."""
    codes = {node.get("numFmtId"): node.get("formatCode", "") for node in _all(root, "numFmt")}
    fonts = [
        any(_local(mark) == "b" and mark.get("val", "1") not in ("0", "false") for mark in font)
        for group in _all(root, "fonts")
        for font in group
    ]
    shows: dict[str | None, Show] = {}
    bold: set[str | None] = set()
    styles = (style for group in _all(root, "cellXfs") for style in group)
    for at, style in enumerate(styles):
        number, font = style.get("numFmtId", "0"), style.get("fontId", "0")
        if number in codes:
            made = number_formats.compiled(codes[number], is_1904=is_1904)
        else:
            made = number_formats.built_in(int(number) if number.isdecimal() else 0, is_1904=is_1904)
        shows[str(at)] = _show(made)
        if font.isdecimal() and int(font) < len(fonts) and fonts[int(font)]:
            bold.add(str(at))
    if "0" in shows:
        shows[None] = shows[""] = shows["0"]
    if "0" in bold:
        bold |= {None, ""}
    return shows, bold if len(bold) < len(shows) else set()


def _show(made: number_formats.Format) -> Show:
    """Return what shows a number as a file writes it."""
    number = made.number
    is_general = made is number_formats.GENERAL

    def show(written: str) -> str:
        if is_general and len(written) < 12 and written.isdecimal() and written.isascii():
            return written
        try:
            return number(float(written))
        except (ValueError, OverflowError):
            return tidy.flat(written)

    return show


def _comments(root: zipped.Node | None) -> Iterator[grid.Remark]:
    for node in _all(root, "comment"):
        corners = cell_corners(node.get("ref", "")[:20])
        said = "".join(part.text for part in _all(node, "t") if part.text)
        text = unescaped(
            said.rpartition("\nComment:\n")[2] if said.startswith("[Threaded comment]") else said
        )
        if corners and text:
            yield grid.Remark(*corners[0], "footnote", text)


def _drawn(root: zipped.Node | None) -> Iterator[grid.Remark]:
    """Yield the words of text boxes and the descriptions of pictures, each at the cell where it begins."""
    for anchor in _all(root, "twoCellAnchor", "oneCellAnchor", "absoluteAnchor"):
        row, column = (_corner(anchor, kind) for kind in ("row", "col"))
        for paragraph in _all(anchor, "p"):
            text = tidy.flat("".join(part.text for part in _all(paragraph, "t") if part.text))
            if text:
                yield grid.Remark(row, column, "paragraph", text)
        for node in _all(anchor, "cNvPr"):
            text = tidy.flat(node.get("descr", ""))
            if text:
                yield grid.Remark(row, column, "caption", f"Figure: {text}")


def _corner(anchor: zipped.Node, kind: str) -> int:
    """Return the row or column, from 1, where a drawing begins."""
    node = anchor.find(f"{{*}}from/{{*}}{kind}")
    text = node.text.strip() if node is not None and node.text else ""
    most = grid.MOST_COLUMNS if kind == "col" else 1 << 20
    return min(int(text[:9]) + 1, most) if text.isascii() and text.isdigit() else 1


class Workbook:
    """Reads Excel workbooks."""

    name = "xlsx/1"
    media_types = frozenset(
        {
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.template",
            "application/vnd.ms-excel.sheet.macroenabled.12",
            "application/vnd.ms-excel.template.macroenabled.12",
        }
    )

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is damaged, locked or has no cell with text."""
        _refuse_locked(path)
        with zipped.unzip(path) as archive, grid.unswept():
            workbook = _Workbook(archive)
            sheets = list(_sheets(workbook))
            return grid.document(sheets, _said(workbook), workbook.unread, name)


def _sheets(workbook: _Workbook) -> Iterator[grid.Sheet]:
    book = workbook.book()
    for name, link in workbook.sheets():
        if link.kind == "chartsheet":
            workbook.unread.append(f"sheet {name!r} is a chart")
        elif link.kind in ("worksheet", "dialogsheet", "xlMacrosheet", "xlIntlMacrosheet"):
            try:
                yield workbook.sheet(name, link.target, book)
            except ParseFailed as error:
                workbook.unread.append(f"sheet {name!r}: {error}")


def _said(workbook: _Workbook) -> dict[str, str]:
    """Return the properties of the file, ``title`` among them."""
    pairs = []
    for part in ("docProps/core.xml", "docProps/app.xml"):
        root = workbook.xml(part)
        for node in root if root is not None else ():
            pairs.append((_local(node), node.text))
    said = [(_PROPERTIES.get(key, key), text) for key, text in pairs if key in _PROPERTIES or key == "title"]
    return grid.said(said)


def _refuse_locked(path: Path) -> None:
    with suppress(OSError), path.open("rb") as file:
        start = file.read(_MOST_XML)
        if not start:
            raise ParseFailed("empty file")
        if start.startswith(_OLE):
            is_locked = _LOCKED in start
            raise ParseFailed(
                "it is protected by a password" if is_locked else "it is an old Excel file named as a new one"
            )


def load(rest: str) -> Parser:
    """Build the parser of Excel workbooks; it takes no argument."""
    return Workbook()
