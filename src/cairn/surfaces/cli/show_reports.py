"""A report on a terminal."""

from rich.text import Text

from cairn.results.reports import Excerpt, Report
from cairn.surfaces.cli.show import Terminal, console, show, table_of
from cairn.types import Citation, Claim


@show.register
def _(result: Report) -> None:
    out = console()
    _heading(out, result.title)
    for claim in result.summary:
        _claim(out, claim)
    for section in result.sections:
        _heading(out, section.title)
        for claim in section.claims:
            _claim(out, claim)
        for table in section.tables:
            _table(out, table)
        if section.note:
            out.print(Text(section.note, style="yellow"))
        for claim in section.withdrawn:
            out.print(Text(f"Withdrawn: {claim.text} ({claim.reason})", style="dim"))
    _heading(out, "Limits")
    for said in result.limits:
        out.print(f"- {said}")
    for one, other in result.disagreements:
        out.print("- The documents differ:")
        _claim(out, one)
        _claim(out, other)
    out.print()
    for source in result.references:
        where = ", ".join((source.uri, *source.places))
        out.print(Text.assemble((f"  [{source.number}] ", "bold cyan"), f"{source.title}: {where}"))
    out.print(Text(f"\n{result.seconds:.1f} s · trace {result.trace}", style="dim"))


def _heading(out: Terminal, text: str) -> None:
    out.print(Text(f"\n{text}", style="bold"))


def _claim(out: Terminal, claim: Claim) -> None:
    out.print(Text.assemble(claim.text, (_numbers(claim.citations), "bold cyan")))


def _table(out: Terminal, table: Excerpt) -> None:
    width = max(map(len, (*table.header, *table.rows)))
    names = (*table.header[-1], *[""] * width)[:width] if table.header else [""] * width
    shown = table_of(*names)
    for row in (*table.header[:-1], *table.rows):
        shown.add_row(*row, *[""] * (width - len(row)))
    out.print(Text.assemble((table.caption, "dim"), (_numbers((table.citation,)), "bold cyan")))
    out.print(shown)


def _numbers(citations: tuple[Citation, ...]) -> str:
    return "".join(f" [{number}]" for number in dict.fromkeys(one.number for one in citations))
