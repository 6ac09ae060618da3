"""Ranking measures by ir-measures, averaged over queries."""

from collections.abc import Mapping, Sequence

import ir_measures

from cairn.protocols import Measures

NAMES = {"nDCG@10": "nDCG@10", "MRR@10": "RR@10", "recall@100": "R@100"}


def measure(
    names: Sequence[str],
    qrels: Mapping[str, Mapping[str, int]],
    run: Mapping[str, Mapping[str, float]],
) -> dict[str, float]:
    """Return each named measure's mean over the queries of ``qrels``."""
    wanted = {name: ir_measures.parse_measure(NAMES[name]) for name in names}
    computed = ir_measures.calc_aggregate(list(wanted.values()), dict(qrels), dict(run))
    return {name: float(computed[one]) for name, one in wanted.items()}


def load(rest: str) -> Measures:
    """Return the measures; they have no options."""
    return measure
