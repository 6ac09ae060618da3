"""Keeps what was found in one commit of the words view, so that words asked for again are not looked for.

Knows nothing of what it keeps. A commit never changes, so that nothing in here is ever out of date.
"""

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, TypeVar

from cairn.records import Scope

MOST = 200_000
"""How much is kept, in documents and single numbers; beyond that all is forgotten. About 30 MB."""
CLASS = 0.2
"""What each access class of a scope counts; most scopes share theirs with others."""

T = TypeVar("T")


class Memory:
    """What was found in one commit, by scope; any number of threads may use it."""

    def __init__(self) -> None:
        self.kept = 0.0
        self._found: dict[Scope, dict[Hashable, Any]] = {}

    def within(self, scope: Scope) -> "Known":
        """Return what is known within ``scope``."""
        if self.kept > MOST:
            self._found, self.kept = {}, 0.0
        found = self._found.get(scope)
        if found is None:
            self.kept += 1 + CLASS * len(scope.classes or ())
            found = self._found.setdefault(scope, {})
        return Known(self, found)


class Known(NamedTuple):
    """What was found within one scope, by what was asked."""

    memory: Memory
    found: dict[Hashable, Any]

    def recall(self, asked: Hashable, find: Callable[[], T], weigh: Callable[[T], int] = lambda _: 1) -> T:
        """Return what ``find`` returns, if need be; it is kept unless it weighs nothing."""
        if asked in self.found:
            known: T = self.found[asked]
            return known
        found = find()
        if weight := weigh(found):
            self.found[asked] = found
            self.memory.kept += weight
        return found
