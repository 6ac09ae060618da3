"""Does each name of a claim stand where the rest of the claim does?

A name that stands elsewhere in the evidence may be what the sentence means by ``it``, unless the sentence
names somebody itself whom the claim does not.
"""

import re
from collections.abc import Sequence

from cairn.flows.answering.verification.exchanged import exchanged
from cairn.flows.answering.verification.findings import Findings
from cairn.flows.answering.verification.likeness import alike, says_number
from cairn.flows.answering.verification.names import Name, names
from cairn.flows.answering.verification.parts import Parts
from cairn.flows.answering.verification.statements import Statement
from cairn.flows.answering.verification.support import Support
from cairn.flows.answering.words import terms

_WORD = re.compile(r"\w+")


def check_names(claim: Parts, said: Support, findings: Findings) -> None:
    """Check all names."""
    near = [findings.reading.statements[number] for number in (*findings.bound, *said.statements[:1])]
    for name in claim.names:
        _check(name, claim, near, findings)
    _check_exchanged(claim, findings)


def _check_exchanged(claim: Parts, findings: Findings) -> None:
    """Note a name in the place of another, unless one of the sentences that may be meant has it there."""
    reading = findings.reading
    like = [reading.statements[number] for number in alike(claim, reading, findings.bound)]
    if findings.by_cells:
        like = [one for one in like if says_number(claim, one)]
    found = [one for one in (exchanged(claim, other.text) for other in like) if one is not None]
    if found and len(found) == len(like):
        findings.against.append(f"what is cited says this of {found[0].theirs}, not of {found[0].mine}")


def _check(name: Name, claim: Parts, near: Sequence[Statement], findings: Findings) -> None:
    wanted = terms(name.text)
    if not wanted or any(_names(one, name, wanted) for one in near):
        findings.stands += bool(wanted)
        return
    contexts = findings.reading.contexts
    around = [
        *(f"{one.above}\n{contexts[one.evidence]}" for one in near),
        *(one.text for one in findings.reading.statements),
    ]
    known = any(_in_a_row(text, wanted) for text in around)
    if known and not any(_names_another(one, claim) for one in near):
        findings.stands += 1
    else:
        where = "is not said of this" if known else "does not stand"
        findings.missing.append(f"{name.text} {where} in what is cited")


def _names(statement: Statement, name: Name, wanted: Sequence[str]) -> bool:
    """Tell whether a statement says a name; a longer one with its capitals, a word or two between at most."""
    if statement.table >= 0:
        return _in_a_row(statement.text, wanted)
    words = [re.escape(word.rstrip("s")) for word in _WORD.findall(name.text)]
    spaced = r"\b" + r"\w{0,2}\W+(?:\S+\s){0,2}\W{0,2}".join(words)
    flags = re.IGNORECASE if len(words) == 1 else re.NOFLAG
    return re.search(spaced, statement.text, flags) is not None


def _in_a_row(text: str, wanted: Sequence[str]) -> bool:
    held = terms(text)
    return any(held[at : at + len(wanted)] == list(wanted) for at in range(len(held) - len(wanted) + 1))


def _names_another(statement: Statement, claim: Parts) -> bool:
    """Tell whether a sentence names somebody whom the claim does not."""
    if statement.table >= 0:
        return False
    return any(not _in_a_row(claim.text, terms(one.text)) for one in names(statement.text))
