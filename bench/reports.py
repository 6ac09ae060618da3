"""Golden questions three at a time: of how many a report holds the facts, and of how many one answer does.

    make demo
    python -m bench.reports

The library is demo/library, or $CAIRN_HOME. Everybody who may not know one of three asks for the report as
well; whatever they are shown of the documents that hold it is a violation.
"""

import asyncio
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from bench.sets import ROOT
from cairn.flows.evaluation.golden import Case, holds, read_cases
from cairn.operations.questions import ask
from cairn.operations.reports import report
from cairn.results.reports import Report
from cairn.session import Session, open_library

TOGETHER = 3
GOLDEN = ROOT / "examples" / "organisation" / "golden.jsonl"


def main() -> None:
    """Print the table."""
    home = Path(os.environ.get("CAIRN_HOME", ROOT / "demo" / "library"))
    with open_library(home) as session:
        asyncio.run(measure(session, list(asked(read_cases(GOLDEN)))))


def asked(cases: Sequence[Case]) -> Iterator[list[Case]]:
    """Yield answerable questions of one person, three at a time."""
    by_person: defaultdict[str, list[Case]] = defaultdict(list)
    for case in cases:
        if case.answerable:
            by_person[case.person].append(case)
    for own in by_person.values():
        for start in range(0, len(own) - TOGETHER + 1, TOGETHER):
            yield own[start : start + TOGETHER]


async def measure(session: Session, groups: Sequence[Sequence[Case]]) -> None:
    """Ask for all of them as a report, and as one question."""
    in_report = in_answer = violations = 0
    seconds = []
    for cases in groups:
        question = " ".join(case.question for case in cases)
        whole = await report(_as(session, cases[0].person), question, model="none")
        answer = await ask(_as(session, cases[0].person), question, model="none")
        seconds.append(whole.seconds)
        in_report += sum(holds(case, said(whole)) for case in cases)
        in_answer += sum(holds(case, answer.text) for case in cases if not answer.abstained)
        for case in cases:
            for person in case.may_not:
                shown = await report(_as(session, person), question, model="none")
                violations += any(source.uri in case.documents for source in shown.references)
    count = sum(map(len, groups))
    print(f"{count} golden questions, {TOGETHER} at a time, without a language model")
    print(f"facts in the report  {in_report / count:.3f}")
    print(f"facts in one answer  {in_answer / count:.3f}")
    print(f"violations           {violations}")
    print(f"seconds, p50 and max {median(seconds):.2f} {max(seconds):.2f}")


def said(whole: Report) -> str:
    """Return what a report says in its sections."""
    claims = (claim.text for section in whole.sections for claim in section.claims)
    rows = (" | ".join(row) for section in whole.sections for one in section.tables for row in one.rows)
    return "\n".join((*claims, *rows))


def _as(session: Session, person: str) -> Session:
    return replace(session, name=person, actor=person)


if __name__ == "__main__":
    main()
