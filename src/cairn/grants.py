"""What people may read: names expanded to groups, each access class decided about once.

Looked up anew for every request, in as far as the directory has changed since.
"""

from dataclasses import dataclass, replace

from cairn.access import EVERYONE, LOCAL_OWNER, OWNER, Epoch, Principal, decide
from cairn.errors import Unknown
from cairn.protocols import Directory
from cairn.records import Query, Scope
from cairn.types import Filters

REMEMBERED = 5_000_000
"""Access classes kept at hand, of all people whose rights are."""


@dataclass(frozen=True, kw_only=True)
class Grants:
    """What somebody may read, as the journal has it now."""

    principal: Principal
    classes: frozenset[int] | None
    """None is every class."""

    def readable(self, access_class: int) -> bool:
        """Decide about one access class; one that is not known may not be read."""
        return self.classes is None or access_class in self.classes

    def query(self, text: str, k: int, filters: Filters) -> Query:
        """Return a question that can find nothing but what may be read."""
        scope = Scope(classes=self.classes, filters=filters)
        return Query(text=text, scope=scope, readable=self.readable, k=k)


class Granted:
    """The rights of whoever has come to a library, by its directory."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._held: dict[str, tuple[Epoch, Grants]] = {}
        """By person, with up to where the directory was looked at."""

    def of(self, name: str) -> Grants:
        """Return what a person may read now; raises Unknown for one nobody has enrolled."""
        if name == OWNER:
            return Grants(principal=LOCAL_OWNER, classes=None)
        epoch = self._directory.epoch()
        held = self._held.get(name)
        if held is None or held[0].people != epoch.people:
            held = Epoch(epoch.people, 0), self._nothing(name)
        if held[0] != epoch:
            held = epoch, self._extended(held[1], held[0].classes)
            self._remember(name, held)
        return held[1]

    def _nothing(self, name: str) -> Grants:
        """Return somebody before any class was looked at."""
        names = self._directory.expanded(f"person:{name}")
        if not names:
            people = [known[7:] for known in self._directory.principals() if known.startswith("person:")]
            raise Unknown.name("person", name, [OWNER, *people])
        return Grants(principal=Principal(name=name, names=names | {EVERYONE}), classes=frozenset())

    def _extended(self, grants: Grants, since: int) -> Grants:
        """Return what somebody may read with the classes after ``since``."""
        assert grants.classes is not None
        allowing = self._directory.allowing(grants.principal.names, since)
        more = [
            number
            for number, readers in allowing.items()
            if readers is None or decide(grants.principal, readers).allowed
        ]
        return replace(grants, classes=grants.classes.union(more))

    def _remember(self, name: str, held: tuple[Epoch, Grants]) -> None:
        self._held.pop(name, None)
        held_at_hand = [grants.classes for _, grants in list(self._held.values())]
        if sum(1 + len(classes) for classes in held_at_hand if classes is not None) > REMEMBERED:
            self._held.clear()
        self._held[name] = held
