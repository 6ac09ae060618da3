"""Reports as Markdown that GitHub, Pandoc and editors show alike: headings, tables, links to the sources."""

import re
from collections.abc import Iterable, Iterator
from functools import singledispatch

from cairn.results.reports import Block, Cells, Entry, Grid, Heading, Paragraph, Printed, Run

# What would be read as a mark: anywhere, and where a line begins.
_MARKS = re.compile(r"[\\`*_\[\]<|~$&]")
_BEGINS = re.compile(r"^(\s*(?=[-+=#>])|\s*\d+(?=[.)]))", re.MULTILINE)


class Markdown:
    """See ``cairn.protocols.Export``."""

    media_type = "text/markdown"
    suffix = ".md"

    def render(self, printed: Printed) -> bytes:
        lines = [f"# {_escaped(printed.title)}", f"*{_escaped(printed.about)}*"]
        for block in printed.blocks:
            lines += _lines(block)
        return ("\n\n".join(lines) + "\n").encode()


def load(rest: str) -> Markdown:
    """Return the format; it has no options."""
    return Markdown()


@singledispatch
def _lines(block: Block) -> Iterator[str]:
    """Yield what stands for a block, blank lines between."""
    raise NotImplementedError(type(block))


@_lines.register
def _(block: Heading) -> Iterator[str]:
    yield f"{'#' * (block.level + 1)} {_inline(block.text)}"


@_lines.register
def _(block: Paragraph) -> Iterator[str]:
    text = _runs(block.runs)
    yield {"bullet": f"- {text}", "quiet": f"*{text}*"}.get(block.kind, text)


@_lines.register
def _(block: Grid) -> Iterator[str]:
    yield _runs(block.caption)
    header = block.header[-1] if block.header else ("",) * len(block.rows[0])
    above = [*block.header[:-1]]
    rows = [_row(header), "|" + " --- |" * len(header), *map(_row, above), *_marked(block)]
    yield "\n".join(rows)


@_lines.register
def _(block: Entry) -> Iterator[str]:
    yield f'{block.number}. <a id="source-{block.number}"></a>{_runs(block.runs)}'


def _marked(block: Grid) -> Iterator[str]:
    for number, row in enumerate(block.rows):
        yield _row(row, bold=number in block.marked)


def _row(row: Cells, *, bold: bool = False) -> str:
    cells = (_inline(cell) for cell in row)
    return "| " + " | ".join(f"**{cell}**" if bold and cell else cell for cell in cells) + " |"


def _runs(runs: Iterable[Run]) -> str:
    return "".join(map(_run, runs)).replace("\n", "  \n")


def _run(run: Run) -> str:
    if run.number:
        return f" [\\[{run.number}\\]](#source-{run.number})"
    return f"[{_inline(run.text)}](<{run.link}>)" if run.link else _escaped(run.text)


def _inline(text: str) -> str:
    return " ".join(_MARKS.sub(r"\\\g<0>", text).split())


def _escaped(text: str) -> str:
    return _BEGINS.sub(r"\1\\", _MARKS.sub(r"\\\g<0>", text))
