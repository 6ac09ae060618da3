"""What conversations ask of adapters: what was answered, kept for a while."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from cairn.records import KeptAnswer, Turn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Turns(Protocol):
    """What people asked and were answered; each turn is its asker's, with the rights they used."""

    def keep(self, turn: Turn, since: datetime) -> None:
        """Keep a turn, and none of before ``since``."""
        ...

    def find(self, trace: str, person: str, behalf: str) -> Turn | None:
        """Return a turn of this person's with those rights; None for anybody else's."""
        ...

    def forget(self, person: str, trace: str | None = None) -> int:
        """Erase one turn of a person's, or all; return how many that were."""
        ...

    def erase(self, documents: Collection[int]) -> None:
        """Erase every turn that holds words of these documents."""
        ...


class Answers(Protocol):
    """Written answers, to be given again; who may be given one is decided by whoever asks for it."""

    def find(self, key: str) -> KeptAnswer | None: ...

    def vectors(self, scope: str, limit: int) -> dict[str, NDArray[np.float32]]:
        """Return the newest keys of a scope with their questions' vectors, of unit length."""
        ...

    def keep(self, answer: KeptAnswer, since: datetime) -> None:
        """Keep an answer in the place of one with its key, and none of before ``since``."""
        ...

    def forget(self, person: str, trace: str | None = None) -> int:
        """Erase the answers that were written for a person, or for one request of theirs."""
        ...

    def erase(self, documents: Collection[int]) -> None:
        """Erase every answer that holds words of these documents."""
        ...
