"""Who may read what: readers, principals and the one decision, which fails closed.

Knows nothing of where rules or memberships are kept.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

EVERYONE = "everyone"
OWNER = "owner"


@dataclass(frozen=True, kw_only=True, slots=True)
class Readers:
    """Allow, deny and require-all sets of names such as ``person:amina`` and ``group:hr``.

    ``everyone`` stands for every known person. The empty value lets nobody read but the owner.
    """

    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()
    require: frozenset[str] = frozenset()

    def key(self) -> str:
        """Return the same text for equal sets: the natural key of an access class."""
        return json.dumps([sorted(self.allow), sorted(self.deny), sorted(self.require)])

    @classmethod
    def from_key(cls, key: str) -> "Readers":
        """Read back what ``key`` wrote."""
        allow, deny, require = map(frozenset, json.loads(key))
        return cls(allow=allow, deny=deny, require=require)


NOBODY = Readers()


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """Who asks, with groups expanded."""

    name: str
    """``owner``, or a person's name."""
    names: frozenset[str]
    """Everything a rule may call them: themselves, their groups, ``everyone``."""
    owner: bool = False
    """The local owner reads everything: the library is a folder of theirs."""


class Epoch(NamedTuple):
    """Up to where people, groups and access classes were looked at."""

    people: int
    """How often people, groups and memberships have changed."""
    classes: int
    """The newest class: classes are added and never change."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Whether someone may read something, and which part of the rule decided."""

    allowed: bool
    reason: str


LOCAL_OWNER = Principal(name=OWNER, names=frozenset(), owner=True)


def decide(principal: Principal, readers: Readers) -> Decision:
    """Decide whether ``principal`` may read what has these readers, and say why."""
    if principal.owner:
        return Decision(allowed=True, reason="the local owner reads everything")
    if denied := principal.names & readers.deny:
        return Decision(allowed=False, reason=f"denied to {_list(denied)}")
    if missing := readers.require - principal.names:
        return Decision(allowed=False, reason=f"requires {_list(missing)} as well")
    if granted := principal.names & readers.allow:
        return Decision(allowed=True, reason=f"allowed to {_list(granted)}")
    if readers.allow:
        return Decision(allowed=False, reason=f"allowed only to {_list(readers.allow)}")
    return Decision(allowed=False, reason="no rule allows anyone")


def expand(name: str, memberships: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Return ``name`` with every group it belongs to, directly or through groups; cycles end.

    ``memberships`` maps a member (``person:x`` or ``group:y``) to the groups it is directly in.
    """
    found = {name}
    waiting = [name]
    while waiting:
        for group in memberships.get(waiting.pop(), ()):
            if group not in found:
                found.add(group)
                waiting.append(group)
    return frozenset(found)


def person(name: str, memberships: Mapping[str, Iterable[str]]) -> Principal:
    """Return the known person ``name`` as a principal."""
    return Principal(name=name, names=expand(f"person:{name}", memberships) | {EVERYONE})


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
