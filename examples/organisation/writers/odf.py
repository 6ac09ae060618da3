"""OpenDocument texts, as LibreOffice writes them."""

from io import BytesIO
from typing import Any

from odf import dc, meta
from odf.opendocument import OpenDocumentText
from odf.style import Style, TextProperties
from odf.table import Table, TableCell, TableColumn, TableHeaderRows, TableRow
from odf.text import H, List, ListItem, P, Span

from .archive import as_is, steady
from .source import Block, Source, parse, runs


class Odt:
    """The rendering of one source as an OpenDocument text."""

    def __init__(self, source: Source) -> None:
        """Begin with the properties, the styles and the title."""
        self.source = source
        self.document: Any = OpenDocumentText()
        facts = self.document.meta
        facts.addElement(dc.Title(text=source.head["title"]))
        facts.addElement(dc.Creator(text=source.issuer))
        facts.addElement(dc.Language(text=source.lang))
        facts.addElement(dc.Date(text=source.day.isoformat()))
        facts.addElement(meta.CreationDate(text=source.day.isoformat()))
        self.looks = {"b": self.look("Bold", fontweight="bold"), "i": self.look("Italic", fontstyle="italic")}
        self.document.text.addElement(H(outlinelevel=1, text=source.head["title"]))
        for label, value in source.meta():
            self.document.text.addElement(P(text=f"{label}: {value}"))

    def look(self, name: str, **properties: str) -> Any:
        """Add a style of characters."""
        style = Style(name=name, family="text")
        style.addElement(TextProperties(**properties))
        self.document.automaticstyles.addElement(style)
        return style

    def written(self) -> bytes:
        """Return the file."""
        for block in parse(self.source.body):
            self.document.text.addElement(self.block(block))
        data = BytesIO()
        self.document.write(data)
        return steady(data.getvalue(), as_is)

    def block(self, block: Block) -> Any:
        """Return the element of one block."""
        if block.kind == "heading":
            return H(outlinelevel=block.level, text=block.text)
        if block.kind == "table":
            return self.table(block)
        if not block.items:
            return self.say(block.text)
        whole = List()
        for item in block.items:
            point = ListItem()
            point.addElement(self.say(item))
            whole.addElement(point)
        return whole

    def say(self, text: str) -> Any:
        """Return a paragraph with its inline marks."""
        paragraph = P()
        for words, look in runs(text):
            if look in self.looks:
                paragraph.addElement(Span(stylename=self.looks[look], text=words))
            else:
                paragraph.addText(words)
        return paragraph

    def table(self, block: Block) -> Any:
        """Return a table with its header row."""
        table = Table(name="Tabelle")
        table.addElement(TableColumn(numbercolumnsrepeated=len(block.rows[0])))
        for index, texts in enumerate(block.rows):
            row = TableRow()
            for text in texts:
                cell = TableCell(valuetype="string")
                cell.addElement(self.say(text))
                row.addElement(cell)
            if index == 0:
                head = TableHeaderRows()
                head.addElement(row)
                row = head
            table.addElement(row)
        return table


def to_odt(source: Source) -> bytes:
    """Render a source as an OpenDocument text."""
    return Odt(source).written()
