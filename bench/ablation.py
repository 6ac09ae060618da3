"""What each part of the ranking is worth: the test sets with one part left out, or one added, at a time.

    python -m bench.sets && python -m bench.ablation [QUERIES]

Of each set at most QUERIES (300) questions, the same for all. "held out" is the mean of the three sets on the
questions with an even number, "seen" on the others: a part that is on by default has to earn it on both.
"""

import asyncio
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cairn
from bench.sets import OUT
from cairn import registry
from cairn.adapters.indexes import queries
from cairn.flows.evaluation import ranking
from cairn.flows.retrieval import fusion, hybrid
from cairn.flows.retrieval.naming import Named
from cairn.session import Session

SETS = ("cranfield", "vaswani_npl", "tatqa")
HOME = OUT / "ablation"
MEASURE = "nDCG@10"

PARTS: Mapping[str, tuple[dict[str, str], list[Any]]] = {
    "all": ({}, []),
    "without words": ({}, [patch.object(fusion, "WORDS", 0.0)]),
    "without meaning": ({}, [patch.object(fusion, "MEANING", 0.0)]),
    "without feedback": ({}, [patch.object(fusion, "FEEDBACK", 0.0)]),
    "without names": ({}, [patch.object(hybrid, "named", lambda *_: Named())]),
    "without pairs of words": ({}, [patch.object(queries, "PAIR", 0.0)]),
    "without titles and headings": ({}, [patch.object(queries, "TEXTS", ("body",))]),
    "with near copies": ({"CAIRN_DISTINCT": "false"}, []),
    "neighbours apart": ({"CAIRN_NEIGHBOURS": "false"}, []),
    "reranked by maxsim": ({"CAIRN_RERANKER": "maxsim"}, []),
}
"""Settings, and what is put in place of a part that no setting switches."""


def main(most: int) -> None:
    """Print the table."""
    print(f"| {MEASURE} | {' | '.join(SETS)} | seen | held out |\n|---|{'---|' * (len(SETS) + 2)}")
    tests = {name: ranking.read(OUT / name) for name in SETS}
    for name in SETS:
        with cairn.open(HOME / name) as session:
            asyncio.run(_ingested(session, tests[name]))
    for part in PARTS:
        rows = [asyncio.run(_measured(name, tests[name], part, most)) for name in SETS]
        halves = [sum(row[half] for row in rows) / len(rows) for half in (1, 2)]
        print(f"| {part} | {' | '.join(f'{v:.3f}' for v in [row[0] for row in rows] + halves)} |", flush=True)


async def _ingested(session: Session, test_set: ranking.TestSet) -> None:
    await cairn.ingest(session, f"corpus:{test_set.corpus.absolute()}")


async def _measured(name: str, test_set: ranking.TestSet, part: str, most: int) -> list[float]:
    """Return the measure over all questions, over those with an odd number, and those with an even one."""
    with _changed(part), cairn.open(HOME / name) as session:
        chosen = list(test_set.qrels)[:most]
        run = {query: await _found(session, test_set.queries[query]) for query in chosen}
    measure = registry.load("measures", "ir")
    parts = (chosen, chosen[1::2], chosen[::2])
    return [
        measure([MEASURE], {q: test_set.qrels[q] for q in part}, {q: run[q] for q in part})[MEASURE]
        for part in parts
    ]


async def _found(session: Session, query: str) -> dict[str, float]:
    found = (await cairn.search(session, query, k=20)).evidence
    return {
        evidence.uri.removesuffix(".md"): -float(place)
        for place, evidence in reversed(list(enumerate(found)))
    }


@contextmanager
def _changed(part: str) -> Iterator[None]:
    environment, patches = PARTS[part]
    with patch.dict("os.environ", environment):
        for each in patches:
            each.start()
        try:
            yield
        finally:
            for each in patches:
                each.stop()


if __name__ == "__main__":
    Path(HOME).mkdir(parents=True, exist_ok=True)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
