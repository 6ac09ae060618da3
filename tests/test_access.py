"""The one decision, checked against its definition on everything hypothesis can think of."""

from hypothesis import given
from hypothesis import strategies as st

from cairn.access import EVERYONE, LOCAL_OWNER, Principal, Readers, decide, expand, person

NAMES = st.sampled_from([EVERYONE, *(f"person:{c}" for c in "abc"), *(f"group:{c}" for c in "uvwxyz")])
SETS = st.frozensets(NAMES, max_size=4)
READERS = st.builds(Readers, allow=SETS, deny=SETS, require=SETS)
GROUPS = st.dictionaries(NAMES, st.frozensets(st.sampled_from([f"group:{c}" for c in "uvwxyz"]), max_size=3))


@given(READERS, SETS)
def test_reading_takes_an_allowance_no_denial_and_every_requirement(
    readers: Readers, names: frozenset[str]
) -> None:
    allowed = decide(Principal(name="a", names=names), readers).allowed
    assert allowed == (bool(names & readers.allow) and not names & readers.deny and readers.require <= names)


@given(READERS, SETS, SETS)
def test_a_denial_or_requirement_never_lets_more_people_in(
    readers: Readers, names: frozenset[str], more: frozenset[str]
) -> None:
    someone = Principal(name="a", names=names)
    stricter = Readers(allow=readers.allow, deny=readers.deny | more, require=readers.require | more)
    assert not decide(someone, stricter).allowed or decide(someone, readers).allowed


@given(READERS)
def test_the_owner_reads_everything_and_nobody_else_what_no_rule_allows(readers: Readers) -> None:
    assert decide(LOCAL_OWNER, readers).allowed
    assert not decide(Principal(name="a", names=frozenset({"person:a", EVERYONE})), Readers()).allowed


@given(READERS)
def test_the_key_of_a_class_keeps_all_of_it(readers: Readers) -> None:
    assert Readers.from_key(readers.key()) == readers


@given(st.sampled_from(["person:a", "group:u"]), GROUPS)
def test_expanding_reaches_a_fixed_point_whatever_the_cycles(
    name: str, groups: dict[str, frozenset[str]]
) -> None:
    names = expand(name, groups)
    assert name in names
    assert all(groups.get(member, frozenset()) <= names for member in names)


def test_a_decision_names_what_decided() -> None:
    someone = person("amina", {"person:amina": ["group:finance"], "group:finance": ["group:staff"]})
    denied = Readers(allow=frozenset({"group:staff"}), deny=frozenset({"group:finance"}))
    assert decide(someone, denied).reason == "denied to group:finance"
    required = Readers(allow=frozenset({"group:staff"}), require=frozenset({"group:cleared"}))
    assert decide(someone, required).reason == "requires group:cleared as well"
    assert decide(someone, Readers(allow=frozenset({"group:staff"}))).reason == "allowed to group:staff"
