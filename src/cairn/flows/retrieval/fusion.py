"""Two rankings to one: reciprocal rank fusion with weights (Cormack, Clarke, Büttcher, SIGIR 2009).

Knows nothing of where the rankings come from.
"""

from collections.abc import Mapping

from cairn.records import Hits

K = 60


def fuse(rankings: Mapping[str, tuple[Hits, float]]) -> dict[int, dict[str, float]]:
    """Return by passage its score in each named ranking and, as ``fused``, the weighted sum of 1/(K+rank)."""
    scores: dict[int, dict[str, float]] = {}
    for name, (hits, weight) in rankings.items():
        for rank, (passage, score) in enumerate(zip(hits.passages, hits.scores, strict=True), start=1):
            row = scores.setdefault(int(passage), {"fused": 0.0})
            row[name] = float(score)
            row["fused"] += weight / (K + rank)
    return dict(sorted(scores.items(), key=lambda item: (-item[1]["fused"], item[0])))
