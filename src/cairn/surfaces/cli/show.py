"""Results on a terminal, by Rich; what has no form of its own is shown as JSON."""

import json
from collections.abc import Iterable
from functools import singledispatch
from textwrap import indent
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cairn import results
from cairn.results import plain
from cairn.results.system import Chats
from cairn.surfaces.cli.visible import visible
from cairn.types import Locator

LINES = 6
"""Lines of a passage shown in a list."""


WIDE = 10_000
"""Columns of output that is no terminal: no line of it is ever broken."""


class Terminal(Console):
    """A console that takes everything as plain text: what a document says controls nothing."""

    def __init__(self) -> None:
        super().__init__(highlight=False, markup=False, emoji=False)
        if not self.is_terminal:
            self.width = WIDE

    def print(self, *objects: Any, **options: Any) -> None:
        """Print with control characters made visible."""
        super().print(*map(_visible, objects), **options)


def console() -> Terminal:
    """Return the terminal, or what stands for it."""
    return Terminal()


def _visible(shown: Any) -> Any:
    if isinstance(shown, str):
        return visible(shown)
    if isinstance(shown, Text) and visible(shown.plain) != shown.plain:
        return Text(visible(shown.plain), style=shown.style)
    return shown


@singledispatch
def show(result: Any) -> None:
    """Print a result for a person."""
    print(json.dumps(plain(result), indent=2, ensure_ascii=False))


@show.register
def _(result: results.Found) -> None:
    out = console()
    for number, evidence in enumerate(result.evidence, start=1):
        where = place(evidence.uri, evidence.locators)
        out.print(Text.assemble((f"{number}. ", "bold cyan"), (evidence.title, "bold"), f"  {where}"))
        if result.explained:
            stages = (f"{stage} {score:.3f}" for stage, score in evidence.scores.items())
            out.print(Text(f"   {' · '.join(stages)}", style="cyan"))
        lines = evidence.text.splitlines()
        shown = "\n".join(lines[:LINES]) + (" …" if len(lines) > LINES else "")
        out.print(Text(indent(shown[:800], "   ") + "\n"))
    count = len(result.evidence)
    out.print(Text(f"{count} passages · {result.seconds * 1000:.0f} ms · trace {result.trace}", style="dim"))


@show.register
def _(result: results.Ingested) -> None:
    said = [
        f"{getattr(result, name):,} {word}"
        for name, word in (
            ("indexed", "indexed"),
            ("renamed", "renamed"),
            ("regranted", "with other readers"),
            ("deleted", "deleted"),
            ("failed", "failed"),
            ("skipped", "skipped"),
            ("unchanged", "unchanged"),
        )
        if getattr(result, name)
    ]
    console().print(
        f"{result.source}: {', '.join(said) if said else 'nothing there'}; "
        f"{result.passages:,} passages in {result.seconds:.1f} s"
    )


@show.register
def _(result: results.Retried) -> None:
    console().print(f"Read again: {result.documents:,} documents.")
    for ingested in result.ingested:
        show(ingested)


@show.register
def _(result: results.Status) -> None:
    out = console()
    states = ("indexed", "pending", "failed", "skipped", "deleted")
    table = table_of("source", *states)
    for source in result.sources:
        table.add_row(
            f"{source.id}  {source.source}", *(f"{source.states.get(state, 0):,}" for state in states)
        )
    out.print(table)
    for source in result.sources:
        if source.error is not None:
            out.print(Text(f"{source.source}: {source.error}", style="red"))
        for problem in source.problems:
            out.print(Text.assemble((f"{problem.state} {problem.count:,}: ", "yellow"), problem.reason))
            out.print(Text(f"    {', '.join(problem.examples)}", style="dim"))
    words = "up to date" if result.words_current else "behind; the next question brings them up"
    to_go = f"{result.without_vectors:,} documents to go" if result.without_vectors else "behind"
    vectors = "up to date" if result.vectors_current else to_go
    out.print(f"words: {words} · vectors: {vectors}")
    if result.writing:
        out.print(Text(f"No language model writes: {result.writing}", style="red"))
    if result.rebuilt:
        out.print(Text(f"The index was last built from nothing: {result.rebuilt}", style="dim"))


@show.register
def _(result: results.Verified) -> None:
    out = console()
    for line in result.found:
        out.print(Text(line, style="red" if line in result.missed else "yellow"))
    if result.rebuilt:
        out.print(f"Built from nothing ({result.rebuilt}).")
    said = "not whole; see: cairn verify --repair" if result.missed else "whole and equal to a fresh build"
    rows = f"{result.words:,} rows of words and {result.vectors:,} vectors"
    out.print(
        f"The library is {said}: {rows} up to change {result.position:,}, {result.checksum}, "
        f"in {result.seconds:.1f} s"
    )


@show.register
def _(result: results.BackedUp) -> None:
    out = console()
    size = f"{result.files:,} files, {result.bytes / 1e6:,.1f} MB"
    out.print(f"{result.folder}: {size}, up to change {result.position:,}, in {result.seconds:.1f} s")
    for view in result.left_out:
        out.print(
            Text(f"Without its {view}, which changed too fast and are built on restoring.", style="yellow")
        )
    out.print(Text(result.note, style="dim"))


@show.register
def _(result: results.Restored) -> None:
    out = console()
    out.print(
        f"{result.home}: the library of {result.made.astimezone():%Y-%m-%d %H:%M}, {result.documents:,} "
        f"documents, up to change {result.position:,}, in {result.seconds:.1f} s"
    )
    if result.replaced:
        out.print("The library that stood there is gone.")
    if result.rebuilt:
        out.print(f"Its index was built from nothing ({result.rebuilt}).")


@show.register
def _(result: results.DocumentText) -> None:
    out = console()
    out.print(Text(result.title, style="bold"))
    state = f"{result.state}" + (f": {result.reason}" if result.reason is not None else "")
    facts = [
        result.uri,
        f"id {result.id}",
        state,
        result.media_type,
        f"{result.size:,} bytes",
        f"version {result.version}",
        *([f"{result.pages} pages"] if result.pages is not None else []),
        *([result.language] if result.language is not None else []),
    ]
    out.print(Text(" · ".join(facts), style="dim"))
    for name, value in result.metadata.items():
        out.print(Text(f"{name}: {value}", style="dim"))
    for other in result.related:
        out.print(Text(f"{other.how}: {other.uri}", style="dim"))
    for passage in result.passages:
        out.print(
            Text.assemble(
                (f"\n{passage.id} ", "bold cyan"),
                (f"{place('', passage.locators)}  {passage.context}", "cyan"),
            )
        )
        out.print(Text(passage.text))
    if result.next is not None:
        out.print(Text(f"\nIt goes on: --start {result.next}", style="dim"))


@show.register
def _(result: results.Documents) -> None:
    _documents(result)


@show.register
def _(result: results.Forgotten) -> None:
    whole = f"{result.source} with {len(result.documents):,} documents"
    what = whole if result.source is not None else result.documents[0]
    console().print(f"Forgotten: {what}. {result.note}")


@show.register
def _(result: results.Members) -> None:
    for title, members in (("person", result.people), ("group", result.groups)):
        table = table_of(title, "in")
        for name, groups in members.items():
            table.add_row(name, ", ".join(group.removeprefix("group:") for group in groups))
        console().print(table)


@show.register
def _(result: results.Explanation) -> None:
    verb = "may" if result.allowed else "may not"
    out = console()
    out.print(f"{result.person} {verb} read {result.uri}: {result.reason}.")
    _rules(out, result)
    out.print(Text(f"{result.person} is {', '.join(result.names) or 'the owner'}", style="dim"))


@show.register
def _(result: results.DocumentReaders) -> None:
    out = console()
    out.print(f"{result.uri}: {', '.join(result.people) or 'nobody'} and the owner")
    _rules(out, result)


@show.register
def _(result: results.Visible) -> None:
    _documents(result)
    said = f"{result.person} may read {result.count:,} of {result.total:,} documents"
    console().print(Text(said, style="dim"))


@show.register
def _(result: results.Evaluation) -> None:
    out = console()
    table = table_of("measure", "value")
    for name, value in result.measures.items():
        table.add_row(name, f"{value:.3f}")
    out.print(table)
    for missed in result.missed:
        out.print(Text(missed, style="red"))


@show.register
def _(result: results.Trace) -> None:
    out = console()
    for step in result.steps:
        said = "  ".join(f"{name}={value}" for name, value in step.attributes.items())
        out.print(
            Text.assemble(f"{step.milliseconds:9.1f} ms  {'  ' * step.depth}{step.name}  ", (said, "dim"))
        )


@show.register
def _(result: results.Models) -> None:
    table = table_of("embedder", "vectors", "")
    for each in result.models:
        table.add_row(each.model, f"{each.vectors:,}", "serving" if each.serving else "")
    console().print(table)


@show.register(tuple)
def _(result: tuple[results.SettingLine, ...]) -> None:
    table = table_of("setting", "value", "default", "meaning")
    for setting in result:
        table.add_row(setting.name, str(setting.value), str(setting.default), setting.help)
    console().print(table)


def place(uri: str, locators: Iterable[Locator]) -> str:
    """Return where something stands, as a person would say it."""
    return ", ".join(
        [uri, *dict.fromkeys(filter(None, (locator.said() for locator in locators)))]
    ).removeprefix(", ")


@show.register
def _(result: Chats) -> None:
    table = table_of("model", "first word", "lacks" if result.tested else "")
    for one in result.chats:
        first = f"{one.first:.1f} s" if one.first is not None else ""
        table.add_row(one.model, first, "; ".join(one.lacks))
    out = console()
    out.print(
        table if result.chats else "No language model writes answers here: set chat, as docs/models.md says."
    )


def _documents(result: results.Documents | results.Visible) -> None:
    table = table_of("id", "document", "state")
    for each in result.documents:
        table.add_row(
            f"d{each.id}", each.uri, each.state + (f": {each.reason}" if each.reason is not None else "")
        )
    console().print(table)
    if result.before is not None:
        console().print(Text(f"more: --before {result.before}", style="dim"))


def _rules(out: Terminal, result: results.Rules) -> None:
    for verb, names in (("allow", result.allow), ("deny", result.deny), ("require", result.require)):
        if names:
            out.print(Text(f"  {verb} {' '.join(names)}", style="dim"))


class Rows(Table):
    """A table whose cells are plain text."""

    def add_row(self, *cells: Any, **options: Any) -> None:
        """Add a row of texts."""
        super().add_row(*(Text(visible(cell).replace("\n", " ")) for cell in cells), **options)


def table_of(first: str, *others: str) -> Rows:
    """Return an empty table with these columns."""
    table = Rows(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right" if len(others) > 2 and name != "meaning" else "left")
    return table
