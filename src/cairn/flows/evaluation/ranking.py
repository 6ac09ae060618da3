"""Retrieval test sets in BEIR's form: ``corpus.jsonl``, ``queries.jsonl``, ``qrels.tsv``.

Knows nothing of how a measure is computed.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cairn.errors import Invalid
from cairn.types import Evidence

MEASURES = ("nDCG@10", "MRR@10", "recall@100")
DEPTH = 100
WIDER = 2
"""A document may be several passages: so many times as many are asked for."""

Search = Callable[[str, int], Awaitable[list[Evidence]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class TestSet:
    """Queries with the documents that answer them."""

    corpus: Path
    queries: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, int]]
    """Grade by query and document."""


def is_test_set(folder: Path) -> bool:
    """Tell whether ``folder`` has the three files."""
    return all((folder / name).is_file() for name in ("corpus.jsonl", "queries.jsonl", "qrels.tsv"))


def read(folder: Path) -> TestSet:
    """Read a test set; raises Invalid with the file and line."""
    qrels: dict[str, dict[str, int]] = {}
    path = folder / "qrels.tsv"
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        fields = line.split("\t")
        if number == 1 and not fields[-1].lstrip("-").isdigit():
            continue
        if len(fields) != 3 or not fields[2].lstrip("-").isdigit():
            raise Invalid(f"{path}:{number}: not `query TAB document TAB grade`.")
        qrels.setdefault(fields[0], {})[fields[1]] = int(fields[2])
    queries = _queries(folder / "queries.jsonl")
    judged = {query: grades for query, grades in qrels.items() if query in queries}
    if not judged:
        raise Invalid(f"{path} judges none of the queries in {folder / 'queries.jsonl'}.")
    return TestSet(corpus=folder / "corpus.jsonl", queries=queries, qrels=judged)


def _queries(path: Path) -> dict[str, str]:
    queries = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            queries[row["_id"]] = row["text"]
        except (ValueError, KeyError, TypeError) as error:
            raise Invalid(f"{path}:{number}: not a JSON object with `_id` and `text`.") from error
    return queries


async def run(test_set: TestSet, search: Search) -> dict[str, dict[str, float]]:
    """Return by query the score of each document found: its best passage's."""
    found: dict[str, dict[str, float]] = {}
    for query in test_set.qrels:
        documents: dict[str, float] = {}
        for rank, evidence in enumerate(await search(test_set.queries[query], DEPTH * WIDER)):
            documents.setdefault(evidence.uri.removesuffix(".md"), 1 / (1 + rank))
        found[query] = dict(list(documents.items())[:DEPTH])
    return found
