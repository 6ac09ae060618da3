"""Answers on a terminal, written or quoted, with what each sentence rests on."""

from rich.text import Text

from cairn.surfaces.cli.show import console, place, show
from cairn.types import Answer, Claim, Locator


@show.register
def _(result: Answer) -> None:
    out = console()
    if result.question:
        out.print(Text(f"Asked: {result.question}", style="dim"))
    if result.notice:
        out.print(Text(result.notice, style="yellow"))
    if result.abstained:
        out.print(Text(result.text, style="yellow"))
        if result.evidence:
            out.print("\nClosest:")
            for evidence in result.evidence:
                out.print(Text(f"  {place(evidence.uri, evidence.locators[:1])}", style="dim"))
    else:
        for claim in result.claims:
            numbers = "".join(f" [{citation.number}]" for citation in claim.citations)
            out.print(Text.assemble(claim.text, (numbers, "bold cyan"), (_doubt(claim), "yellow")))
        for claim in result.withdrawn:
            out.print(Text.assemble("withdrawn: ", (claim.text, "strike dim"), (_doubt(claim), "yellow")))
        out.print()
        for number, where in _references(result):
            out.print(Text.assemble((f"  [{number}] ", "bold cyan"), where))
    out.print(
        Text(
            f"\n{_sure(result)} · {result.seconds * 1000:.0f} ms · trace {result.trace}",
            style="dim",
        )
    )


def _references(answer: Answer) -> list[tuple[int, str]]:
    """Return a line for each number: the file and every place cited in it."""
    places: dict[int, tuple[str, list[Locator]]] = {}
    for claim in answer.claims:
        for citation in claim.citations:
            places.setdefault(citation.number, (citation.uri, []))[1].extend(citation.locators)
    return [(number, place(uri, locators)) for number, (uri, locators) in sorted(places.items())]


def _doubt(claim: Claim) -> str:
    return "" if claim.verdict == "supported" else f" ({claim.verdict}: {claim.reason})"


def _sure(answer: Answer) -> str:
    by = f"written by {answer.writer} · " if answer.writer else ""
    return f"{by}{answer.confidence:.0%} sure"
