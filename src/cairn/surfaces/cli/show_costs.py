"""What language models cost, on a terminal."""

from rich.text import Text

from cairn.results.costs import CostLine, Costs, Leaks, money
from cairn.surfaces.cli.show import console, show, table_of


@show.register
def _(result: Costs) -> None:
    out = console()
    table = table_of(result.by, "calls", "failed", "tokens", "cached", "retries", "first", "cost")
    for line in (*result.lines, result.total):
        table.add_row(line.key if line is not result.total else "all", *_cells(line))
    out.print(table)
    whose = result.person if result.person else "everybody"
    out.print(Text(f"{whose}, {result.since} to {result.until} (UTC)", style="dim"))
    if result.total.tokens:
        origins = ", ".join(f"{name} {count:,}" for name, count in result.total.tokens.items() if count)
        out.print(Text(f"tokens: {origins if origins else 'none'}", style="dim"))
    if result.total.saved:
        out.print(Text(f"the providers' caches saved {money(result.total.saved)}", style="dim"))
    for budget in result.budgets:
        out.print(f"{budget.budget}: {budget.used / budget.most:.0%} used")


@show.register
def _(result: Leaks) -> None:
    out = console()
    for leak in result.leaks:
        out.print(Text.assemble((f"{leak.kind}  ", "yellow"), f"{leak.wasted}  {leak.said}"))
        out.print(Text(f"    {' '.join(leak.traces)}", style="dim"))
    found = f"{len(result.leaks)} leaks" if result.leaks else "no leak found"
    out.print(f"{found} in {result.calls:,} calls since {result.since}, which cost {money(result.dollars)}")


def _cells(line: CostLine) -> list[str]:
    unknown = f" + {line.unpriced:,} of unknown price" if line.unpriced else ""
    return [
        f"{line.calls:,}",
        f"{line.failed:,}",
        f"{sum(line.tokens.values()):,}",
        f"{line.cached:,}",
        f"{line.retries:.0%}",
        "" if line.first_seconds is None else f"{line.first_seconds:.2f} s",
        f"{money(line.dollars)}{unknown}",
    ]
