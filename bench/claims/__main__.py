"""How well claims are verified: false acceptance, false rejection, and what a claim costs.

    make demo && python -m bench.financebench && python -m bench.claims
    python -m bench.claims held       # the documents that the verifier was not tuned on

Claims are made by rule from the demo organisation, TAT-QA and FinanceBench's filings, true ones and ones
broken in exactly one respect; see ``tables.py``, ``sentences.py`` and ``asked.py``. A seed makes it the same.
"""

import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from time import process_time

os.environ["OMP_NUM_THREADS"] = "1"

from bench.claims import asked, sentences, tables
from bench.claims.evidence import HELD_OUT, TUNED, contexts, everything
from bench.claims.made import Made
from bench.sets import OUT
from cairn import registry
from cairn.flows.answering.verification import Verifier
from cairn.types import Claim

SEED = 20
EACH = {"organisation": 260, "TAT-QA": 420, "FinanceBench": 260}
"""True claims of a source, at most, in each half."""
BROKEN = 2.2
"""Broken claims for each true one, at most."""


def main() -> None:
    """Make the set, judge it, print the table."""
    which = HELD_OUT if "held" in sys.argv[1:] else TUNED
    made = [one for one in build() if one.given.half == which]
    verifier = Verifier(registry.load("embedders", "minilm", home=Path("models")))
    verifier.check("warm up", [made[0].given.evidence])
    began = process_time()
    judged = [verifier.check(one.text, [one.given.evidence]) for one in made]
    each = (process_time() - began) / len(made)
    documents = len({one.given.document for one in made})
    print(f"{which}: {len(made)} claims of {documents} documents, {1000 * each:.1f} ms each")
    report(made, judged)
    if which == TUNED:
        _keep(made, judged)


def build() -> list[Made]:
    """Return all claims, both halves, in an order of no meaning."""
    random = Random(SEED)
    found: list[Made] = []
    for given in everything():
        own = Random(f"{SEED}{given.evidence.id}{given.document}")
        found += tables.claims(given, own)
        found += sentences.claims(given, own, 1 if given.source == "TAT-QA" else 3)
    for given, questions in contexts():
        found += asked.claims(given, questions, Random(f"{SEED}{given.document}"))
    found = _distinct(found)
    random.shuffle(found)
    chosen = _chosen(found, random)
    chosen += _some(list(sentences.miscited(chosen, random)), 0.35, random)
    return chosen


def _distinct(made: Sequence[Made]) -> list[Made]:
    seen: dict[tuple[str, str], Made] = {}
    for one in made:
        seen.setdefault((one.text, one.given.evidence.id), one)
    return list(seen.values())


def _chosen(made: Sequence[Made], random: Random) -> list[Made]:
    """Return as many of each source and half, form and kind of break as the set is to hold."""
    chosen: list[Made] = []
    for source, most in EACH.items():
        for half in (TUNED, HELD_OUT):
            own = [one for one in made if one.given.source == source and one.given.half == half]
            chosen += _even([one for one in own if not one.broken], most, lambda one: one.form)
            chosen += _even([one for one in own if one.broken], int(most * BROKEN), lambda one: one.broken)
    return chosen


def _even(made: Sequence[Made], most: int, key: Callable[[Made], str]) -> list[Made]:
    """Return ``most`` of these, from every kind as evenly as there are."""
    kinds: dict[str, list[Made]] = defaultdict(list)
    for one in made:
        kinds[key(one)].append(one)
    chosen: list[Made] = []
    while len(chosen) < most and any(kinds.values()):
        for kind in kinds.values():
            if kind and len(chosen) < most:
                chosen.append(kind.pop())
    return chosen


def _some(made: list[Made], share: float, random: Random) -> list[Made]:
    return [one for one in made if random.random() < share]


def report(made: Sequence[Made], judged: Sequence[Claim]) -> None:
    """Print how many broken claims were taken for true, and true ones for broken."""
    wrong: dict[tuple[str, str, str], list[bool]] = defaultdict(list)
    for one, claim in zip(made, judged, strict=True):
        accepted = claim.verdict == "supported"
        if one.broken:
            for group in (("", "all"), ("source", one.given.source), ("broken", one.broken)):
                wrong["false acceptance", *group].append(accepted)
        else:
            for group in (("", "all"), ("source", one.given.source), ("form", one.form)):
                wrong["false rejection", *group].append(not accepted)
    for (what, by, name), hits in sorted(wrong.items()):
        print(
            f"{what:17} {by:7} {name:32} {sum(hits):4} of {len(hits):5} {100 * sum(hits) / len(hits):6.1f} %"
        )
    verdicts = Counter((one.broken or "true", claim.verdict) for one, claim in zip(made, judged, strict=True))
    for kind in sorted({kind for kind, _ in verdicts}):
        row = {verdict: count for (k, verdict), count in verdicts.items() if k == kind}
        print(
            f"{kind:20}",
            "  ".join(f"{v} {row.get(v, 0)}" for v in ("supported", "partly", "not found", "contradicted")),
        )


def _keep(made: Sequence[Made], judged: Sequence[Claim]) -> None:
    """Write the errors of the tuned half where they can be looked at."""
    lines = [
        json.dumps(
            {
                "broken": one.broken,
                "form": one.form,
                "source": one.given.source,
                "text": one.text,
                "verdict": claim.verdict,
                "reason": claim.reason,
                "quote": claim.citations[0].quote,
                "id": one.given.evidence.id,
                "evidence": one.given.evidence.text,
            }
        )
        for one, claim in zip(made, judged, strict=True)
        if (claim.verdict == "supported") == bool(one.broken)
    ]
    (OUT / "claims.jsonl").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
