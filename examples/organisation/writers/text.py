"""Markdown, plain text, web pages and comma-separated values."""

import csv
import string
from io import StringIO

from .source import CONTENT, Block, Source, inline, parse


def to_markdown(source: Source) -> str:
    """Render a source as Markdown."""
    lines = [f"# {source.head['title']}", ""]
    lines += [f"- {label}: {value}" for label, value in source.meta()]
    return "\n".join(lines).rstrip() + "\n\n" + source.body


def to_text(source: Source) -> str:
    """Render a source as plain text, which is its body."""
    return source.body


def html_table(block: Block) -> str:
    """Render a table block as HTML."""
    head = "".join(f"<th>{inline(cell)}</th>" for cell in block.rows[0])
    body = "\n".join(
        "<tr>" + "".join(f"<td>{inline(c)}</td>" for c in row) + "</tr>" for row in block.rows[1:]
    )
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def html_block(block: Block) -> str:
    """Render one block as HTML."""
    if block.kind == "heading":
        return f"<h{block.level}>{inline(block.text)}</h{block.level}>"
    if block.kind in ("bullets", "numbers"):
        tag = "ul" if block.kind == "bullets" else "ol"
        return f"<{tag}>\n" + "\n".join(f"<li>{inline(item)}</li>" for item in block.items) + f"\n</{tag}>"
    if block.kind == "table":
        return html_table(block)
    if block.kind == "note":
        return f'<aside class="note"><p>{inline(block.text)}</p></aside>'
    return f"<p>{inline(block.text)}</p>" if block.kind == "paragraph" else ""


def to_html(source: Source) -> str:
    """Render a source as a web page, inside the template its header names."""
    template = string.Template(
        (CONTENT / "templates" / f"{source.head['template']}.html").read_text(encoding="utf-8")
    )
    main = "\n".join(filter(None, map(html_block, parse(source.body))))
    updated = source.head.get("date", "")
    return template.substitute(
        title=inline(source.head["title"]), lang=source.lang, main=main, updated=updated
    )


def to_csv(source: Source) -> str:
    """Render the tables of a source as comma-separated values, lines ended as spreadsheets do."""
    text = StringIO()
    for block in parse(source.body):
        csv.writer(text).writerows(block.rows)
    return text.getvalue()
