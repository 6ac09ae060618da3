"""When is an extract likely enough to answer? Fits the weights of ``flows/answering/confidence.py``.

    make demo && python -m bench.calibrate

Fitted on the organisation's golden questions, and on each answerable one asked once more of the
library without the documents that hold the answer: a question whose subject is there and whose
answer is not is the one that is hard to refuse. Ten-fold cross-validation by question says what to
expect of questions it was not fitted on.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import astuple, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import cairn
from bench.sets import ROOT
from cairn.flows.answering.confidence import probability
from cairn.flows.answering.extractive import Draft
from cairn.flows.evaluation.golden import Case, cites, read_cases
from cairn.operations.questions import EVIDENCE
from cairn.session import Session
from cairn.settings import SETTINGS
from cairn.types import Filters

RIDGE = 0.02
STEPS = 3_000
LEFT_OUT, UNANSWERABLE = 0.15, 2.0
"""What a question without its documents, and one nothing answers, weigh beside the others."""
FOLDS = 10
ABSTAINED = 0.8
"""Share of the unanswerable that a threshold chosen within a fold must refuse there."""
THRESHOLD = next(setting.default for setting in SETTINGS if setting.name == "answer_threshold")

Floats = NDArray[np.float64]


class Sample(NamedTuple):
    """What was drafted for a question, whether it is right, and in which set it is."""

    draft: Draft
    right: bool
    case: Case
    left_out: bool
    """Asked without the documents that hold the answer."""


def main() -> None:
    """Collect, fit, report."""
    with cairn.open(ROOT / "demo" / "library") as session:
        samples = asyncio.run(_collect(session))
    signals = np.array([astuple(s.draft.signals) for s in samples])
    weights, bias = _fit(signals, samples)
    print("WEIGHTS =", tuple(round(float(w), 2) for w in weights), " BIAS =", round(float(bias), 2))
    unseen, given = np.zeros(len(samples)), np.zeros(len(samples), bool)
    folds = np.array([int(s.case.id[1:]) % FOLDS for s in samples])
    for fold in range(FOLDS):
        seen = folds != fold
        known = [s for s, kept in zip(samples, seen, strict=True) if kept]
        fitted = _fit(signals[seen], known)
        unseen[~seen] = _likely(signals[~seen], *fitted)
        given[~seen] = unseen[~seen] >= _threshold(known, _likely(signals[seen], *fitted))
    for name, likely in (("as fitted", _likely(signals, weights, bias)), ("cross-validated", unseen)):
        print(name)
        for threshold in (0.34, 0.38, 0.42, 0.46, 0.48, 0.5, 0.52, 0.54, 0.58):
            print(f"  at {threshold:.2f}: {_report(samples, likely >= threshold)}")
    print("cross-validated, the threshold chosen in each fold:", _report(samples, given))
    now = np.array([probability(s.draft.signals) for s in samples])
    print("in force:", _report(samples, now >= THRESHOLD))


async def _collect(session: Session) -> list[Sample]:
    samples = []
    for case in read_cases(ROOT / "examples" / "organisation" / "golden.jsonl"):
        samples.append(await _sample(session, case, left_out=False))
        if case.answerable:
            samples.append(await _sample(session, case, left_out=True))
    return samples


async def _sample(session: Session, case: Case, *, left_out: bool) -> Sample:
    app = session.app
    query = app.grants(case.person).query(case.question, EVIDENCE, Filters())
    if left_out:
        rest = frozenset(d.id for d in app.journal.catalogue.find() if d.uri not in case.documents)
        query = replace(query, scope=replace(query.scope, documents=rest))
    draft = await app.extract(case.question, await app.read(query))
    return Sample(draft, case.answerable and cites(case, draft.claims, draft.evidence), case, left_out)


def _fit(signals: Floats, samples: Sequence[Sample]) -> tuple[Floats, float]:
    """Return a logistic regression's weights and bias, with a small ridge, by gradient descent."""
    right = np.array([s.right for s in samples], float)
    share = np.array([_weight(s) for s in samples])
    share /= share.sum()
    mean, scale = signals.mean(axis=0), signals.std(axis=0) + 1e-9
    scaled = (signals - mean) / scale
    weights, bias = np.zeros(signals.shape[1]), 0.0
    for _ in range(STEPS):
        error = (_likely(scaled, weights, bias) - right) * share
        weights -= scaled.T @ error + RIDGE * weights
        bias -= float(error.sum())
    return weights / scale, bias - float(mean @ (weights / scale))


def _threshold(samples: Sequence[Sample], likely: Floats) -> float:
    """Return the lowest threshold that refuses ABSTAINED of the unanswerable."""
    unanswerable = np.array([not s.case.answerable for s in samples])
    ranked = np.sort(likely[unanswerable])
    return float(ranked[math.ceil(ABSTAINED * len(ranked)) - 1]) + 1e-9


def _weight(sample: Sample) -> float:
    if sample.left_out:
        return LEFT_OUT
    return 1.0 if sample.case.answerable else UNANSWERABLE


def _likely(signals: Floats, weights: Floats, bias: float) -> Floats:
    likely: Floats = 1 / (1 + np.exp(-(signals @ weights + bias)))
    return likely


def _report(samples: Sequence[Sample], given: NDArray[np.bool_]) -> str:
    shares: dict[str, list[bool]] = {"answered right": [], "abstained": [], "abstained, left out": []}
    for sample, answered in zip(samples, given, strict=True):
        if sample.left_out:
            shares["abstained, left out"].append(not answered)
        elif sample.case.answerable:
            shares["answered right"].append(bool(answered and sample.right))
        else:
            shares["abstained"].append(not answered)
    return "  ".join(f"{name} {np.mean(hits):.3f}" for name, hits in shares.items())


if __name__ == "__main__":
    main()
