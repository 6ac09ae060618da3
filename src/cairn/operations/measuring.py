"""Operations that measure Cairn itself and show its settings."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Annotated

from cairn import registry
from cairn.errors import Invalid, Unknown
from cairn.flows.evaluation import golden, ranking
from cairn.operations.declare import Say, operation
from cairn.operations.documents import ingest
from cairn.operations.evaluations import keep
from cairn.operations.questions import ask, search
from cairn.people import Role
from cairn.protocols import Measures
from cairn.results import Evaluation, SettingLine, plain
from cairn.session import Session, open_library
from cairn.settings import SETTINGS, Setting
from cairn.types import Answer, Evidence

WRITTEN = "evaluation.json"
_PASSWORD = re.compile(r"(//[^:/@]+):[^@]*@")


@operation("evaluate", role=Role.OWNER, writes=True)
async def evaluate(
    session: Session,
    folder: Annotated[str, Say("a folder with golden.jsonl, or a retrieval test set", positional=True)],
    *,
    min: Annotated[Sequence[str], Say("fail below this: MEASURE=VALUE")] = (),
    split: Annotated[str, Say("of golden questions, only this split")] = "",
) -> Evaluation:
    """Measure answers to golden questions in this library, or ranking on a retrieval test set.

    Writes evaluation.json into the library, and keeps it for `evaluations list`; a missed minimum, or
    anyone shown what they may not read, is a failure.
    """
    place = Path(folder).expanduser()
    bounds = [_bound(said) for said in min]
    if (place / "golden.jsonl").is_file():
        result = await _golden(session, place, split)
    elif ranking.is_test_set(place):
        result = await _ranking(session, place)
    else:
        raise Invalid(f"{place} has neither golden.jsonl nor corpus.jsonl, queries.jsonl and qrels.tsv.")
    result = replace(result, missed=tuple(_missed(result.measures, bounds)))
    written = json.dumps(plain(result), indent=1, ensure_ascii=False, allow_nan=False)
    await asyncio.to_thread((session.app.home / WRITTEN).write_text, written, encoding="utf-8")
    await asyncio.to_thread(keep, session.app.home, result)
    return result


@operation("settings", role=Role.ADMIN)
async def settings(session: Session) -> tuple[SettingLine, ...]:
    """Show every setting, its value in force and what it means."""
    values = session.app.settings
    return tuple(
        SettingLine(name=s.name, value=_shown(s, getattr(values, s.name)), default=s.default, help=s.help)
        for s in SETTINGS
    )


def _shown(setting: Setting, value: str | int | float | bool) -> str | int | float | bool:
    """Return a value without the secret that it is, or that an address may hold."""
    if setting.secret and value:
        return "***"
    return _PASSWORD.sub(r"\1:***@", value) if isinstance(value, str) else value


async def _golden(session: Session, folder: Path, split: str) -> Evaluation:
    cases = [case for case in golden.read_cases(folder / "golden.jsonl") if split in ("", case.split)]
    if not cases:
        raise Invalid(f"{folder} has no golden question{f' of split {split!r}' if split else ''}.")

    async def ask_as(name: str, question: str) -> Answer:
        return await ask(replace(session, name=name, actor=session.asker), question)

    outcomes = []
    for done, case in enumerate(cases):
        session.report("questions", done, len(cases))
        outcomes.append(await golden.judge(case, ask_as))
    session.report("questions", len(cases), len(cases))
    return Evaluation(
        folder=str(folder),
        measures=golden.scores(outcomes),
        cases=tuple(asdict(outcome) for outcome in outcomes),
    )


async def _ranking(session: Session, folder: Path) -> Evaluation:
    """Measure in a library of its own, kept beside this one so that the next time is quick."""
    test_set = await asyncio.to_thread(ranking.read, folder)
    name = sha256(str(folder.absolute()).encode()).hexdigest()[:16]
    with open_library(session.app.home / "evaluations" / name) as other:
        other = replace(other, report=session.report)
        await ingest(other, f"corpus:{test_set.corpus.absolute()}")

        async def find(query: str, k: int) -> list[Evidence]:
            return list((await search(other, query, k=k)).evidence)

        run = await ranking.run(test_set, find)
    measure: Measures = registry.load("measures", "ir")
    measures = measure(ranking.MEASURES, test_set.qrels, run)
    cases = tuple({"id": query, "found": list(found)[:10]} for query, found in run.items())
    return Evaluation(folder=str(folder), measures=measures, cases=cases)


def _bound(said: str) -> tuple[str, float]:
    name, _, value = said.partition("=")
    try:
        least = float(value)
        if not isfinite(least):
            raise ValueError
        return name, least
    except ValueError:
        raise Invalid(f"--min {said!r} is not MEASURE=VALUE, such as nDCG@10=0.4.") from None


def _missed(measures: Mapping[str, float], bounds: Sequence[tuple[str, float]]) -> Iterator[str]:
    for name, least in bounds:
        if name not in measures:
            raise Unknown.name("measure", name, measures)
        if not measures[name] >= least:
            yield f"{name} is {measures[name]:.3f}, below {least:g}"
    if measures.get("violations", 0):
        yield f"{measures['violations']:.0f} answers showed what their asker may not read"
