"""Passages that follow each other on a page and were both found are shown as the one text they are.

A retriever around another. Nothing is added that was not found, so that nothing needs to be checked anew.
"""

from collections.abc import Mapping
from dataclasses import replace

from cairn.protocols import Retriever
from cairn.records import Query
from cairn.types import Anchor, Evidence, locate

WIDER = 2
"""How many times as many passages are asked for as are wanted."""
LONGEST = 3
"""Passages that are joined, at most."""

Places = Mapping[tuple[int, int], Evidence]
"""Passages by document and place within it."""


class Joined:
    """A retriever that joins neighbours; the result has the best one's id, scores and rank."""

    def __init__(self, inner: Retriever) -> None:
        self._inner = inner

    async def __call__(self, query: Query) -> list[Evidence]:
        """Return at most ``query.k`` texts, best first."""
        found = await self._inner(replace(query, k=query.k * WIDER))
        left = {(evidence.document, evidence.ordinal): evidence for evidence in found}
        shown: list[Evidence] = []
        for evidence in found:
            if (evidence.document, evidence.ordinal) in left:
                run = _run(evidence, left)
                for one in run:
                    del left[one.document, one.ordinal]
                shown.append(_joined(evidence, run))
        return shown[: query.k]


def _run(evidence: Evidence, left: Places) -> list[Evidence]:
    """Return the passages around one that stand on its page, itself included, in reading order."""
    run = [evidence]
    for step in (1, -1):
        while len(run) < LONGEST:
            beside = run[-1] if step > 0 else run[0]
            other = left.get((beside.document, beside.ordinal + step))
            if other is None or _page(other) != _page(evidence):
                break
            run.insert(len(run) if step > 0 else 0, other)
    return run


def _page(evidence: Evidence) -> int | None:
    return evidence.locators[0].page if evidence.locators else None


def _joined(best: Evidence, run: list[Evidence]) -> Evidence:
    if len(run) == 1:
        return best
    text, anchors = "", list[Anchor]()
    for one in run:
        begin = len(text) + 1 if text else 0
        anchors += [a._replace(start=a.start + begin, end=a.end + begin) for a in one.anchors]
        text = f"{text}\n{one.text}" if text else one.text
    return replace(best, text=text, anchors=tuple(anchors), locators=locate(anchors, 0, len(text)))
