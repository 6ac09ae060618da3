"""Keeps what was found in one commit of the words view, so that words asked for again are not looked for.

Knows nothing of what it keeps. A commit never changes, so that nothing in here is ever out of date.
"""

from collections.abc import Hashable
from typing import Any

from cairn.records import Scope

MOST = 200_000
"""How much is kept, in documents and single numbers; beyond that all is forgotten. About 30 MB."""
CLASS = 0.2
"""What each access class of a scope counts; most scopes share theirs with others."""


class Known(dict[Hashable, Any]):
    """What was found within one scope, by what was asked."""

    def __init__(self, memory: "Memory") -> None:
        super().__init__()
        self._memory = memory

    def keep(self, asked: Hashable, found: object, weight: int = 1) -> None:
        self[asked] = found
        self._memory.kept += weight


class Memory:
    """What was found in one commit, by scope; any number of threads may use it."""

    def __init__(self) -> None:
        self.kept = 0.0
        self._known: dict[Scope, Known] = {}

    def within(self, scope: Scope) -> Known:
        """Return what is known within ``scope``."""
        if self.kept > MOST:
            self._known, self.kept = {}, 0.0
        if scope not in self._known:
            self.kept += 1 + CLASS * len(scope.classes or ())
        return self._known.setdefault(scope, Known(self))
