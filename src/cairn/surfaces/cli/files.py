"""Results that may be had as a file: ``--format`` and ``--output``."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

from cairn import registry
from cairn.errors import Invalid, Storage
from cairn.operations.reports import rendered
from cairn.results import plain

COMMANDS = {"report"}
"""Those that have one."""
READ = {"json", "markdown"}
"""Formats that a terminal can show."""
SUFFIXES = {".docx": "docx", ".json": "json", ".md": "markdown", ".pdf": "pdf"}


class Wanted(NamedTuple):
    """What form a result is wanted in; empty is the terminal's own."""

    format: str
    output: str


def add(command: argparse.ArgumentParser) -> None:
    """Give a command the options."""
    known = ["json", *registry.known("exports")]
    command.add_argument("--format", default="", metavar="FORMAT", help=f"as a file: {', '.join(known)}")
    command.add_argument(
        "--output", default="", metavar="FILE", help="where to; its name may tell the format"
    )


def wanted(given: dict[str, Any]) -> Wanted:
    """Take the options out of what was given; raises Invalid, Unknown or Unavailable for what cannot be done.

    That is said before anything is asked, which may take long.
    """
    format, output = given.pop("format", ""), given.pop("output", "")
    if output and not format:
        format = SUFFIXES.get(Path(output).suffix.lower(), "")
        if not format:
            raise Invalid(f"{output!r} tells no format; say one: --format {', '.join(SUFFIXES.values())}.")
    if format not in ("", "json"):
        registry.load("exports", format)
        if format not in READ and not output:
            raise Invalid(f"A terminal cannot show {format}; say where it goes: --output FILE.")
    return Wanted(format, output)


def write(result: Any, wanted: Wanted, site: str) -> None:
    """Write a result in the form that is wanted, or print it."""
    if wanted.format == "json":
        content = f"{json.dumps(plain(result), indent=2, ensure_ascii=False)}\n".encode()
    else:
        content = rendered(result, wanted.format, site).content
    if not wanted.output:
        sys.stdout.write(content.decode())
        return
    try:
        Path(wanted.output).write_bytes(content)
    except OSError as error:
        raise Storage(f"{wanted.output} cannot be written: {error.strerror}.") from error
