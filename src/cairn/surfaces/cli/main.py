"""The command line, made from the operations: one command each, its parameters as declared.

Knows how a person types and nothing of what is done. Errors are one line with the way out.
"""

import argparse
import asyncio
import gc
import inspect
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from getpass import getpass
from types import UnionType
from typing import Any, Literal, NoReturn, get_args, get_origin, get_type_hints

from cairn import registry
from cairn.access import OWNER
from cairn.errors import CairnError, Invalid
from cairn.operations import OPERATIONS, Operation, Say
from cairn.results import plain
from cairn.session import Session, open_library
from cairn.surfaces.cli import files
from cairn.surfaces.cli.progress import progress
from cairn.surfaces.cli.visible import visible

CREATES = {"ingest", "access.add", "access.load", "restore"}
"""Commands that may begin a library."""
REPORTED = ("ask", "--report")
"""Stands for `report`: the longer answer to the same question."""
LOOKS = ("list", "show")
"""Commands that a group stands for by itself; each group has one of them."""
ABOUT = "Finds the evidence in your documents and answers with citations it has checked."


class Arguments(argparse.ArgumentParser):
    """An argparse parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"cairn: {visible(message)}; see: {self.prog} --help\n")


def build() -> Arguments:
    """Return the command line."""
    cli = Arguments(prog="cairn", description=ABOUT, allow_abbrev=False)
    # Parser by group; "" is the command line itself.
    groups = {"": cli.add_subparsers(metavar="COMMAND", required=True)}
    for operation in OPERATIONS:
        group, _, name = operation.name.rpartition(".")
        if group not in groups:
            about = f"commands on {group}"
            alone = f"By itself: the same as `cairn {' '.join(_look(group))}`."
            made = groups[""].add_parser(group, help=about, description=about, epilog=alone)
            groups[group] = made.add_subparsers(metavar="COMMAND", required=True)
        said = inspect.getdoc(operation.run) or ""
        command = groups[group].add_parser(
            name,
            help=said.partition("\n")[0].rstrip("."),
            description=said,
            epilog="With --report: the same as `cairn report`." if operation.name == REPORTED[0] else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        _parameters(command, operation)
    return cli


def main() -> None:
    """Run the command line; exits with 1 after an error, 2 for a mistyped command, 130 after ctrl-C."""
    # Nothing is thrown away while the libraries of a command are imported: collecting took a fifth of it.
    gc.disable()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        typed = [_typed(argument) for argument in sys.argv[1:]]
        sys.exit(_run(**vars(build().parse_args(_meant(typed) or ["--help"]))))
    except KeyboardInterrupt:
        _say("stopped; what was done is kept, and the same command goes on from there.")
        sys.exit(130)
    except CairnError as error:
        _say(str(error))
        sys.exit(1)
    except Exception as error:
        if os.environ.get("CAIRN_DEBUG"):
            raise
        _say(f"a defect in Cairn: {type(error).__name__}: {error} (CAIRN_DEBUG=1 shows where)")
        sys.exit(1)


def _run(operation: Operation, as_: str, json_: bool, **given: Any) -> int:
    """Do what was asked and show it; the exit status."""
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    given |= {name: _asked(name) for name in _secrets(operation) if given[name] == "-"}
    wanted = files.wanted(given)
    create = operation.name in CREATES
    with open_library(as_=as_, create=create, wire=operation.opens) as session:
        gc.freeze()
        gc.enable()
        result = asyncio.run(_reported(operation, session, given, quiet=json_))
        site = session.app.settings.serve_url
    if wanted.format:
        files.write(result, wanted, site)
    elif json_:
        print(json.dumps(plain(result), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        # Loaded only now, so that `cairn --help` and `--json` do not wait for a terminal's library.
        registry.load("terminals", "rich")(result)
    return 1 if getattr(result, "missed", ()) else 0


async def _reported(operation: Operation, session: Session, given: dict[str, Any], *, quiet: bool) -> Any:
    with progress(quiet=quiet) as report:
        return await operation.run(replace(session, report=report), **given)


def _meant(typed: list[str]) -> list[str]:
    """Return what was typed with what stands for another command in its place."""
    command, flag = REPORTED
    if typed[:1] == [command] and flag in typed:
        return ["report", *(argument for argument in typed[1:] if argument != flag)]
    alone = not typed[1:] or (typed[1].startswith("-") and typed[1] not in ("-h", "--help"))
    return [*_look(typed[0]), *typed[1:]] if typed and alone else typed


def _look(command: str) -> list[str]:
    """Return the command that a group stands for by itself; what is no group stands for itself."""
    known = {operation.name for operation in OPERATIONS}
    return next(([command, name] for name in LOOKS if f"{command}.{name}" in known), [command])


def _secrets(operation: Operation) -> list[str]:
    """Return the parameters that are never typed on a command line."""
    hints = get_type_hints(operation.run, include_extras=True).items()
    return [name for name, hint in hints if any(getattr(extra, "secret", False) for extra in get_args(hint))]


def _asked(name: str) -> str:
    """Return what is typed in secret, or the line that stands for it where there is no terminal."""
    if sys.stdin.isatty():
        return getpass(f"{name.capitalize()}: ")
    return sys.stdin.readline().rstrip("\n")


def _say(text: str) -> None:
    print(f"cairn: {visible(text)}".replace("\n", " "), file=sys.stderr)


def _typed(argument: str) -> str:
    """Return what was typed; raises Invalid for bytes that are no text."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        raise Invalid(f"{os.fsencode(argument)!r} is not UTF-8.") from None
    return argument


def _parameters(command: argparse.ArgumentParser, operation: Operation) -> None:
    """Give a command its operation's parameters, --as and --json."""
    hints = get_type_hints(operation.run, include_extras=True)
    for parameter in list(inspect.signature(operation.run).parameters.values())[1:]:
        _parameter(command, parameter, hints[parameter.name])
    command.add_argument("--as", dest="as_", metavar="PERSON", default=OWNER, help="be this person")
    command.add_argument("--json", dest="json_", action="store_true", help="print the result as JSON")
    if operation.name in files.COMMANDS:
        files.add(command)
    command.set_defaults(operation=operation)


def _parameter(command: argparse.ArgumentParser, parameter: inspect.Parameter, hint: Any) -> None:
    said = next(extra for extra in get_args(hint) if isinstance(extra, Say))
    kind = get_args(hint)[0]
    needed = parameter.default is parameter.empty
    shape: dict[str, Any] = {"help": said.help, "metavar": parameter.name.upper()}
    if not needed:
        shape["default"] = parameter.default
    if get_origin(kind) is UnionType:
        kind = get_args(kind)[0]
    if get_origin(kind) is Sequence:
        kind = get_args(kind)[0]
        shape |= {} if needed else {"default": []}
        shape |= {"nargs": "+" if needed else "*"} if said.positional else {"action": "extend", "nargs": 1}
    elif said.positional and not needed:
        shape["nargs"] = "?"
    if get_origin(kind) is Literal:
        shape["choices"] = get_args(kind)
    elif kind is bool:
        del shape["metavar"]
        shape["action"] = "store_true"
    elif kind is not str:
        shape["type"] = _date if kind is datetime else kind
    if said.positional:
        command.add_argument(parameter.name, **shape)
    else:
        short = [said.short] if said.short else []
        command.add_argument(*short, f"--{parameter.name.replace('_', '-')}", dest=parameter.name, **shape)


def _date(text: str) -> datetime:
    """A day or a moment; argparse says what was wrong, by this function's name."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write 2025-03-31") from None
