"""The summary of a report: what its sections say, and nothing else.

Knows nothing of documents beyond what the sections cite.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cairn.chat import Prompt
from cairn.errors import ModelFailed, OverBudget
from cairn.flows.answering.drafting import Check, Judge, drafted
from cairn.flows.answering.fencing import fenced, mark
from cairn.flows.answering.prompting import Prompts
from cairn.flows.answering.reports.sections import numbered
from cairn.protocols import Chat
from cairn.results.reports import Excerpt, Section
from cairn.types import Claim, Evidence

WRITTEN = 800
"""Tokens of a summary, at most."""
STATEMENTS = 80
"""That a summary is made of, at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """What stands first in a report."""

    claims: tuple[Claim, ...]
    withdrawn: int = 0
    notice: str = ""
    """Why it is made of quotations, where it should have been written."""


@dataclass(frozen=True, kw_only=True)
class Summariser:
    """Writes summaries with a language model."""

    chat: Chat
    check: Check
    states: Callable[[str], bool]
    prompts: Prompts

    async def __call__(
        self, question: str, sections: Sequence[Section], numbers: Mapping[int, int], asker: str
    ) -> Summary:
        """Return a summary of which every sentence passed the check; else the best of each section."""
        held = {one.id: one for section in sections for one in section.evidence}
        said = _said(sections)
        labelled = {f"e{number}": held[id] for number, id in enumerate(said, start=1)}
        try:
            draft = await drafted(
                self.chat,
                self._prompt(question, labelled, said, asker),
                Judge(question=question, labelled=labelled, check=self.check, states=self.states),
                lambda kind, value: None,
            )
        except (ModelFailed, OverBudget) as error:
            return Summary(claims=best(sections), notice=f"The summary is quoted from the sections: {error}")
        kept = tuple(claim for claim in draft.claims if claim.verdict == "supported")
        failed = len(draft.claims) - len(kept)
        if not kept or not draft.whole:
            notice = "The summary is quoted from the sections: what was written did not pass the check."
            return Summary(claims=best(sections), withdrawn=failed, notice=notice)
        of = {one.id: numbers[one.document] for one in held.values()}
        return Summary(claims=tuple(numbered(claim, of) for claim in kept), withdrawn=failed)

    def _prompt(
        self, question: str, labelled: Mapping[str, Evidence], said: Mapping[str, str], asker: str
    ) -> Prompt:
        template = self.prompts["summary"]
        fence = mark(list(said.values()))
        shown = [(label, one, said[one.id]) for label, one in labelled.items()]
        return Prompt(
            parts=template.filled(fence=fence, evidence=fenced(shown, fence), question=question),
            purpose="summary",
            version=template.version,
            asker=asker,
            most=WRITTEN,
        )


def best(sections: Sequence[Section]) -> tuple[Claim, ...]:
    """Return the best claim of each section, each once."""
    found = (_best(section) for section in sections if section.answers())
    return tuple({claim.text: claim for claim in found}.values())


def _best(section: Section) -> Claim:
    return section.claims[0] if section.claims else _row(section.tables[0])


def _row(table: Excerpt) -> Claim:
    """Return the best row of a table as a claim: its cells, each with what its column is called."""
    names = table.header[-1] if table.header else ()
    row = table.rows[table.cited[0]]
    told = (f"{name}: {cell}" if name else cell for name, cell in zip(_filled(names, row), row, strict=True))
    return Claim(text="; ".join(told), citations=(table.citation,), verdict=table.citation.verdict)


def _filled(names: Sequence[str], row: Sequence[str]) -> Sequence[str]:
    return names if len(names) == len(row) else [""] * len(row)


def _said(sections: Sequence[Section]) -> dict[str, str]:
    """Return by evidence what the sections say by it, a statement a line."""
    said: dict[str, dict[str, None]] = {}
    for claim in list(_statements(sections))[:STATEMENTS]:
        for one in claim.citations:
            said.setdefault(one.evidence, {})[claim.text] = None
    return {evidence: "\n".join(lines) for evidence, lines in said.items()}


def _statements(sections: Sequence[Section]) -> Iterator[Claim]:
    for section in sections:
        yield from section.claims
        yield from map(_row, section.tables)
