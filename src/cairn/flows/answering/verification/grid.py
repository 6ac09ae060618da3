"""The cells of a table that some words and dates mean.

Knows nothing of sentences: who asks says which words count how much.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cairn.flows.answering.verification.binding import meant_columns, meant_rows, same_time
from cairn.flows.answering.verification.dates import Date
from cairn.flows.answering.verification.tables import Cell, Column, Row, Table
from cairn.flows.answering.words import terms


class Meant(NamedTuple):
    """A cell that is meant, and how well its row fits."""

    fit: float
    row: Row
    column: Column | None
    cell: Cell

    @property
    def value(self) -> float:
        return self.cell.quantity.value


def meant(words: Mapping[str, float], asked: Sequence[Date], table: Table) -> list[Meant]:
    """Return the cells that words and dates mean, the best row's first."""
    columns = meant_columns(words, table)
    found = [
        Meant(fit, row, column, cell)
        for number, fit in meant_rows(words, table).items()
        for row in [table.rows[number]]
        for cell in row.cells
        for column in [table.columns[cell.column] if cell.column < len(table.columns) else None]
        if (cell.column in columns or column is None) and same_time(asked, row, column)
    ]
    return sorted(found, key=lambda one: -one.fit)


def named_rows(words: Mapping[str, float], table: Table, share: float) -> list[Row]:
    """Return the rows of whose labels at least ``share`` is said."""
    return [
        row
        for row in table.rows
        for label in [_core(row)]
        if row.cells and label and sum(word in words for word in label) >= share * len(label)
    ]


def _core(row: Row) -> frozenset[str]:
    """Return the words of a label without what stands in parentheses behind it."""
    bare = frozenset(terms(row.label.partition(" (")[0]))
    return bare if bare else row.terms
