"""Whether a citation leads to the very spot: its Locators against what a golden question expects.

An expected place names a document and what it has there: ``page``, ``slide``, ``sheet`` with ``cells``,
``heading``, ``paragraphs``, ``lines`` or ``path``.
"""

from collections.abc import Mapping
from typing import Any

from cairn.types import Citation, Locator, cell_corners

Place = Mapping[str, Any]


def leads_to(citation: Citation, place: Place) -> bool:
    """Tell whether one of the citation's Locators stands at ``place``."""
    if citation.uri != place["document"]:
        return False
    wanted = {name: value for name, value in place.items() if name != "document"}
    return any(all(_fits(at, name, value) for name, value in wanted.items()) for at in citation.locators)


def _fits(at: Locator, name: str, value: Any) -> bool:
    if name == "cells":
        return _same_rows(at.cells, value)
    if name in ("paragraphs", "lines"):
        span = getattr(at, name)
        first, last = value if isinstance(value, list) else (value, value)
        return span is not None and span[0] <= last and span[1] >= first
    if name == "path":
        return at.path.startswith(value)
    if name == "heading":
        return bool(at.heading) and _plain(at.heading[-1]) == _plain(value)
    return bool(getattr(at, name) == value)


def _same_rows(cited: str, wanted: str) -> bool:
    """Tell whether cited cells lie in the wanted rows and share a column with the wanted cells."""
    here, there = cell_corners(cited), cell_corners(wanted)
    if not here or not there:
        return False
    (rows, columns), (wanted_rows, wanted_columns) = (zip(*corners, strict=True) for corners in (here, there))
    inside = min(wanted_rows) <= min(rows) and max(rows) <= max(wanted_rows)
    shared = min(columns) <= max(wanted_columns) and max(columns) >= min(wanted_columns)
    return bool(inside and shared)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
