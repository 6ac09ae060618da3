"""Cairn: connects documents, keeps their permissions, answers with citations it has checked.

with cairn.open("library") as session:
    await cairn.ingest(session, "papers")
    answer = await cairn.ask(session, "What did the 2018 audit find?")
"""

from cairn.errors import CairnError
from cairn.operations.documents import document, ingest, status
from cairn.operations.forgetting import forget
from cairn.operations.questions import ask, search
from cairn.operations.reports import report
from cairn.remote import Remote, connect
from cairn.session import Session
from cairn.session import open_library as open
from cairn.types import Answer, Citation, Claim, Evidence, Filters, Locator

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
