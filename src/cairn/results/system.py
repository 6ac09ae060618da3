"""What operations on the system itself return: how it is, and how good it was found to be."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cairn.results import ModelLine


@dataclass(frozen=True, kw_only=True, slots=True)
class EvaluationLine:
    """An evaluation in a list."""

    id: str
    at: datetime
    folder: str
    measures: Mapping[str, float]
    cases: int
    missed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluations:
    """Evaluations that were made, newest first."""

    evaluations: tuple[EvaluationLine, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A piece of work in the background, as it was last done."""

    kind: str
    state: str
    detail: str
    began: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class System:
    """How a library is, in numbers."""

    version: str
    """Of Cairn."""
    states: Mapping[str, int]
    """Documents by state."""
    position: int
    """The journal's newest change; ``words`` and ``vectors`` say how far each view is."""
    words: int
    vectors: int
    models: tuple[ModelLine, ...]
    bytes: Mapping[str, int]
    """Of each part of the library's folder, the largest first."""
    jobs: tuple[Job, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatLine:
    """A language model that is configured, and what came of asking it."""

    model: str
    """As configured: ``openai:gpt-5``."""
    writer: str = ""
    """The model that answered, as its provider names it."""
    first: float | None = None
    """Seconds until its first word."""
    lacks: tuple[str, ...] = ()
    """What it cannot do, or why it does not answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chats:
    """The language models that are configured, in the order in which they are asked."""

    chats: tuple[ChatLine, ...]
    tested: bool
    missed: tuple[str, ...] = ()
    """Those that do not answer."""
