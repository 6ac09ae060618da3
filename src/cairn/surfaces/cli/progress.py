"""A progress bar with rate and time left, on a terminal; a line every few seconds elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Hold a function that is told what is being done, how much is done, and how much there is."""
    console = Console(stderr=True, quiet=quiet)
    bars: dict[str, TaskID] = {}
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=quiet) as shown:

        def report(stage: str, done: int, total: int) -> None:
            if stage not in bars:
                bars[stage] = shown.add_task(stage, total=total, rate="")
            shown.update(bars[stage], completed=done, total=total)
            speed = shown.tasks[bars[stage]].speed
            if speed is not None:
                shown.update(bars[stage], rate=f"{speed:,.1f}/s")

        yield report
