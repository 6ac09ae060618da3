"""Leaks in what is spent on language models, found in the accounts alone; no content is needed to see them.

Each function looks at calls, oldest first, for one kind of waste. What a threshold leaves alone is meant: a
retry is no loop, a follow-up has a history, most evidence is there to be weighed and not to be cited.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import pairwise
from math import sqrt
from statistics import fmean, variance
from typing import TypeVar

from cairn.chat import Call
from cairn.flows.gateway.prices import Prices
from cairn.records import SpanSize
from cairn.results.costs import Leak, LeakKind

LOOP = 4
"""Times that the same is sent within one answer before that is a loop."""
HISTORY = 2_000
"""Tokens of history that a question may need to be understood; what is beyond could be summarised."""
TURNS = 4
PREFIX = 1_024
"""Tokens from which providers keep a prefix."""
KEPT = 300
"""Seconds they keep it at least."""
WEIGHED = 10
"""Tokens of evidence that may be read for each that is cited."""
ENOUGH = 20
"""Calls or requests that make a habit."""
DRIFT = 1.3
TRACED = 4_000
"""Characters of a step's attributes: more is content, or nobody reads it."""
SHOWN = 5
"""Traces that are named of each leak."""

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


def leaks(
    calls: Sequence[Call], before: Sequence[Call], spans: Iterable[SpanSize], prices: Prices
) -> list[Leak]:
    """Return what was wasted in ``calls``, beside those of the time ``before``; the dearest first."""
    found = [
        *retry_loops(calls),
        *growing_histories(calls, prices),
        *growing_instructions(calls, before, prices),
        *uncached_prefixes(calls, prices),
        *oversized_evidence(calls, prices),
        *drifts(calls, before),
        *verbose_steps(spans),
    ]
    return sorted(found, key=lambda one: (-_or_zero(one.dollars), -one.tokens, -one.characters))


def retry_loops(calls: Sequence[Call]) -> Iterator[Leak]:
    """Find what was sent again and again within one answer; all but the last of it was for nothing."""
    loops: defaultdict[tuple[str, str], list[list[Call]]] = defaultdict(list)
    for (_, purpose, model), sent in _by(calls, lambda one: (one.trace, one.purpose, one.model)).items():
        loops[purpose, model] += [run for run in _runs(sent) if len(run) >= LOOP]
    for (purpose, model), runs in loops.items():
        if runs:
            longest = max(runs, key=len)
            said = (
                f"{purpose}: the same prompt went to {model} up to {len(longest)} times for one answer "
                f"(loops: {len(runs)}); bound the attempts, or mend why{_because(longest[0])}."
            )
            wasted = [call for run in runs for call in run[:-1]]
            yield _leak(
                "retry loop", said, [run[0] for run in runs], _tokens(wasted), _dollars(wasted), len(wasted)
            )


def _because(call: Call) -> str:
    return f" it fails: {call.reason}" if call.reason else " it is sent again"


def _runs(sent: Sequence[Call]) -> Iterator[list[Call]]:
    """Split what was sent into runs of the same: a later attempt, or one that is as long in every part."""
    run = [sent[0]]
    for last, call in pairwise(sent):
        if call.attempt > last.attempt or _same(call, last):
            run.append(call)
        else:
            yield run
            run = [call]
    yield run


def _same(call: Call, last: Call) -> bool:
    """Tell whether a call is as long as the last in every part, and too long for that to be chance."""
    long = call.usage.input >= PREFIX
    return long and call.attempt == 1 and call.origins == last.origins and call.prefix == last.prefix


def growing_histories(calls: Sequence[Call], prices: Prices) -> Iterator[Leak]:
    """Find conversations that are sent whole with every turn, and grow without end."""
    told = [call for call in calls if call.origins["history"] or not call.thread]
    threads = _by(told, lambda one: (one.purpose, one.model, one.thread if one.thread else one.trace))
    grown: defaultdict[tuple[str, str], list[Call]] = defaultdict(list)
    for (purpose, model, _), turns in threads.items():
        sizes = [call.origins["history"] for call in turns]
        rises = all(one <= other for one, other in pairwise(sizes))
        if len(set(sizes)) >= TURNS and rises and sizes[-1] > HISTORY:
            grown[purpose, model] += [call for call in turns if call.origins["history"] > HISTORY]
    for (purpose, model), found in grown.items():
        most = max(call.origins["history"] for call in found)
        wasted = sum(call.origins["history"] - HISTORY for call in found)
        said = (
            f"{purpose}: the history grows with every turn of a conversation, to {most:,} tokens with "
            f"{model}; summarise it, or keep it to {HISTORY:,}."
        )
        yield _leak("growing prompt", said, found, wasted, _priced(prices, model, wasted))


def growing_instructions(calls: Sequence[Call], before: Sequence[Call], prices: Prices) -> Iterator[Leak]:
    """Find purposes whose instructions and tools are longer than they were."""

    def by(told: Sequence[Call]) -> dict[tuple[str, str], list[Call]]:
        return _by([call for call in told if call.usage.input], lambda one: (one.purpose, one.model))

    earlier = by(before)
    for (purpose, model), now in by(calls).items():
        then = earlier.get((purpose, model), [])
        if (more := _risen([_said(call) for call in then], [_said(call) for call in now])) is not None:
            wasted = round(more * len(now))
            versions = f"{then[-1].version} to {now[-1].version}"
            said = (
                f"{purpose}: instructions and tools take {more:,.0f} tokens more a call than before with "
                f"{model} ({versions}); see whether they earn it."
            )
            yield _leak("growing prompt", said, now[::-1], wasted, _priced(prices, model, wasted), len(now))


def _said(call: Call) -> float:
    return call.origins["system"] + call.origins["tools"]


def uncached_prefixes(calls: Sequence[Call], prices: Prices) -> Iterator[Leak]:
    """Find prefixes that came again while their provider would have kept them, and were paid in full."""
    counted = [
        call for call in calls if call.prefix and not call.estimated and call.origins["system"] >= PREFIX
    ]
    for (model, purpose, _), sent in _by(counted, lambda one: (one.model, one.purpose, one.prefix)).items():
        price = prices.of(model)
        soon = [call for last, call in pairwise(sent) if (call.at - last.at).total_seconds() <= KEPT]
        missed = [call for call in soon if not call.usage.cached]
        # Only where a price is known of what is cached is it known that anything is.
        if price is None or price.cached is None or len(missed) < max(ENOUGH, len(soon) / 2):
            continue
        wasted = sum(call.origins["system"] for call in missed)
        said = (
            f"{purpose}: {len(missed)} of {len(soon)} calls read a prefix of {sent[0].origins['system']:,} "
            f"tokens that {model} had seen less than {KEPT // 60} minutes before, and none of it from its "
            "cache; let nothing that changes stand before it, and switch caching on."
        )
        dollars = wasted * (price.input - price.cached) / 1e6
        yield _leak("uncached prefix", said, missed, wasted, dollars)


def oversized_evidence(calls: Sequence[Call], prices: Prices) -> Iterator[Leak]:
    """Find purposes that read far more evidence than their answers cite."""
    told = [call for call in calls if call.cited and call.origins["evidence"]]
    for (purpose, model), all_of in _by(told, lambda one: (one.purpose, one.model)).items():
        over = [call for call in all_of if _uncited(call) > 0]
        if len(all_of) < ENOUGH or len(over) < len(all_of) / 2:
            continue
        wasted = sum(_uncited(call) for call in over)
        share = fmean(_share(call) for call in all_of)
        mean = fmean(call.origins["evidence"] for call in all_of)
        said = (
            f"{purpose}: answers cite {share:.0%} of the {mean:,.0f} tokens of evidence that {model} reads "
            "for each; lower the budget of evidence."
        )
        yield _leak("oversized evidence", said, over, wasted, _priced(prices, model, wasted))


def _share(call: Call) -> float:
    return 0.0 if call.cited is None else call.cited


def _uncited(call: Call) -> int:
    """Return the tokens of evidence beyond what may be weighed for what is cited."""
    return round(call.origins["evidence"] * (1 - WEIGHED * _share(call)))


def drifts(calls: Sequence[Call], before: Sequence[Call]) -> Iterator[Leak]:
    """Find purposes whose requests cost over 30 % more than before: in dollars, or tokens without prices."""
    earlier = _by(before, lambda one: one.purpose)
    for purpose, now in _by(calls, lambda one: one.purpose).items():
        then = earlier.get(purpose, [])
        priced = all(call.cost is not None for call in (*then, *now))
        cost = _dollars if priced else _tokens
        requests = _by(now, lambda one: one.trace)
        costs = {trace: _or_zero(cost(sent)) for trace, sent in requests.items()}
        old = [_or_zero(cost(sent)) for sent in _by(then, lambda one: one.trace).values()]
        more = _risen(old, list(costs.values()))
        if more is None:
            continue
        rise = more / fmean(old)
        said = f"{purpose}: a request costs {rise:.0%} more than before; compare a trace with an older one."
        dear = [requests[trace][0] for trace in sorted(costs, key=lambda trace: -costs[trace])]
        wasted = more * len(requests)
        tokens, dollars = (0, wasted) if priced else (round(wasted), None)
        yield _leak("drift", said, dear, tokens, dollars, len(now))


def verbose_steps(spans: Iterable[SpanSize]) -> Iterator[Leak]:
    """Find steps that write more into traces than anybody reads."""
    for one in spans:
        said = (
            f"The step {one.name!r} wrote more than {TRACED:,} characters into a trace {one.spans} times, "
            f"and up to {one.largest:,}; trace ids and numbers, not content."
        )
        yield Leak(
            kind="verbose tracing",
            said=said,
            calls=0,
            characters=one.characters,
            dollars=None,
            traces=one.traces[:SHOWN],
        )


def _risen(old: Sequence[float], new: Sequence[float]) -> float | None:
    """Return by how much the mean has risen, if by over 30 % and three standard errors (no chance)."""
    if min(len(old), len(new)) < ENOUGH or not fmean(old):
        return None
    more = fmean(new) - fmean(old)
    error = sqrt(variance(old) / len(old) + variance(new) / len(new))
    return more if more > fmean(old) * (DRIFT - 1) and more > 3 * error else None


def _by(calls: Iterable[Call], key: Callable[[Call], K]) -> dict[K, list[Call]]:
    groups: dict[K, list[Call]] = {}
    for call in calls:
        groups.setdefault(key(call), []).append(call)
    return groups


def _leak(
    kind: LeakKind,
    said: str,
    shown: Sequence[Call],
    tokens: int,
    dollars: float | None,
    calls: int | None = None,
) -> Leak:
    traces = tuple(dict.fromkeys(call.trace for call in shown))[:SHOWN]
    many = len(shown) if calls is None else calls
    return Leak(kind=kind, said=said, calls=many, tokens=tokens, dollars=dollars, traces=traces)


def _tokens(calls: Iterable[Call]) -> int:
    return sum(call.usage.input + call.usage.output for call in calls)


def _dollars(calls: Iterable[Call]) -> float | None:
    known = [call.cost for call in calls if call.cost is not None]
    return sum(known) if known else None


def _priced(prices: Prices, model: str, tokens: int) -> float | None:
    """Return what so many tokens of input cost."""
    price = prices.of(model)
    return None if price is None else tokens * price.input / 1e6


def _or_zero(value: float | None) -> float:
    return 0.0 if value is None else value
