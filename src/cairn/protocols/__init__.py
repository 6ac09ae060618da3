"""The seams: what flows ask of adapters, one small protocol each.

Knows nothing of any implementation. numpy stands in annotations alone, so that importing
this costs nothing.
"""

from cairn.protocols.chat import Accounts, Chat, Entailment, Group, Preparing, Spending
from cairn.protocols.conversations import Answers, Turns
from cairn.protocols.export import Export
from cairn.protocols.finding import Index, Measures, Names, Reranker, Retriever
from cairn.protocols.ingest import Container, Embedder, Parser, Renderer, Source, Splitter
from cairn.protocols.journal import Catalogue, Directory, Journal, Library, Runs, Sink, Vectors
from cairn.protocols.people import (
    Beside,
    Caller,
    Ledger,
    Passwords,
    People,
    Provider,
    Questions,
    Replies,
    Reports,
)
from cairn.protocols.upkeep import IndexUpkeep, JournalUpkeep

__all__ = [
    "Accounts",
    "Answers",
    "Beside",
    "Caller",
    "Catalogue",
    "Chat",
    "Container",
    "Directory",
    "Embedder",
    "Entailment",
    "Export",
    "Group",
    "Index",
    "IndexUpkeep",
    "Journal",
    "JournalUpkeep",
    "Ledger",
    "Library",
    "Measures",
    "Names",
    "Parser",
    "Passwords",
    "People",
    "Preparing",
    "Provider",
    "Questions",
    "Renderer",
    "Replies",
    "Reports",
    "Reranker",
    "Retriever",
    "Runs",
    "Sink",
    "Source",
    "Spending",
    "Splitter",
    "Turns",
    "Vectors",
]
