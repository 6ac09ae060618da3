"""Cairn: connects documents, keeps their permissions, answers with citations it has checked.

with cairn.open("library") as session:
    await cairn.ingest(session, "papers")
    answer = await cairn.ask(session, "What did the 2018 audit find?")
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cairn.python import *

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "CairnError",
    "Citation",
    "Claim",
    "Evidence",
    "Filters",
    "Locator",
    "Remote",
    "Session",
    "ask",
    "connect",
    "document",
    "forget",
    "ingest",
    "open",
    "report",
    "search",
    "status",
]


def __getattr__(name: str) -> Any:
    """Return what a program uses of Cairn; a parse process uses none of it, and starts a third sooner."""
    if name not in __all__:
        raise AttributeError(f"module 'cairn' has no attribute {name!r}")
    import cairn.python as offered

    return getattr(offered, name)
