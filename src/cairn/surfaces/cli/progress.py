"""A progress bar with rate and time left on a terminal; elsewhere a line every few seconds."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

SECONDS = 5.0
"""Between two lines where there is no terminal."""

Report = Callable[[str, int, int], None]


@contextmanager
def progress(*, quiet: bool) -> Iterator[Report]:
    """Hold a function that is told what is being done, how much is done, and how much there is."""
    if quiet:
        yield lambda stage, done, total: None
    elif not sys.stderr.isatty():
        yield _lines()
    else:
        yield from _bars()


def _bars() -> Iterator[Report]:
    # Imported here, so that `cairn --help` and whatever shows no bar do not wait for it.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bars = {}
    console = Console(stderr=True, markup=False, highlight=False)
    columns = (
        TextColumn("{task.description:<10}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as shown:

        def report(stage: str, done: int, total: int) -> None:
            if not total:
                return
            if stage not in bars:
                bars[stage] = shown.add_task(stage, total=total, rate="")
            shown.update(bars[stage], completed=done, total=total)
            speed = shown.tasks[bars[stage]].speed
            if speed is not None:
                shown.update(bars[stage], rate=f"{speed:,.1f}/s")

        yield report


def _lines() -> Report:
    last = monotonic()

    def report(stage: str, done: int, total: int) -> None:
        nonlocal last
        if total and monotonic() - last >= SECONDS:
            last = monotonic()
            print(f"{stage}: {done:,} of {total:,}", file=sys.stderr, flush=True)

    return report
