"""The command line, made from the operations: one command each, its parameters as declared.

Knows how a person types and nothing of what is done. Errors are one line with the way out.
"""

import asyncio
import inspect
import json
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer

from cairn import registry
from cairn.access import OWNER
from cairn.app import Session, open_library
from cairn.errors import CairnError, Invalid
from cairn.operations import OPERATIONS, Operation, Say
from cairn.results import plain
from cairn.surfaces.cli.progress import progress
from cairn.surfaces.cli.visible import visible

CREATES = {"ingest", "access.add", "access.load"}
"""Commands that may begin a library."""

As = Annotated[str, typer.Option("--as", help="Be this person.", metavar="PERSON")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def build() -> typer.Typer:
    """Return the command line."""
    cli = typer.Typer(
        name="cairn",
        help="Finds the evidence in your documents and answers with citations it has checked.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    groups: dict[str, typer.Typer] = {}
    for operation in OPERATIONS:
        group, _, name = operation.name.rpartition(".")
        if group and group not in groups:
            groups[group] = typer.Typer(
                help=f"Commands on {group}.", no_args_is_help=True, rich_markup_mode=None
            )
            cli.add_typer(groups[group], name=group)
        (groups[group] if group else cli).command(name)(_command(operation))
    return cli


def main() -> None:
    """Run the command line; exits with 1 after an error, 130 after ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        sys.argv = [_typed(argument) for argument in sys.argv]
        build()(standalone_mode=True)
    except CairnError as error:
        _say(str(error))
        sys.exit(1)
    except Exception as error:
        if os.environ.get("CAIRN_DEBUG"):
            raise
        _say(f"a defect in Cairn: {type(error).__name__}: {error} (CAIRN_DEBUG=1 shows where)")
        sys.exit(1)


def _say(text: str) -> None:
    typer.echo(f"cairn: {visible(text)}".replace("\n", " "), err=True)


def _typed(argument: str) -> str:
    """Return what was typed; raises Invalid for bytes that are no text."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        raise Invalid(f"{os.fsencode(argument)!r} is not UTF-8.") from None
    return argument


def _command(operation: Operation) -> Callable[..., None]:
    """Return a function that Typer understands: the operation's parameters, --as and --json."""

    def command(as_: str, json_: bool, **arguments: Any) -> None:
        given = {name: tuple(v) if isinstance(v, list) else v for name, v in arguments.items()}
        try:
            with open_library(as_=as_, create=operation.name in CREATES) as session:
                result = asyncio.run(_run(operation.run, session, given, quiet=json_))
        except KeyboardInterrupt:
            _say("stopped; what was done is kept, and the same command goes on from there.")
            raise typer.Exit(130) from None
        if json_:
            typer.echo(json.dumps(plain(result), indent=2, ensure_ascii=False, allow_nan=False))
        else:
            # Loaded only now, so that `cairn --help` and `--json` do not wait for a terminal's library.
            registry.load("terminals", "rich")(result)
        if getattr(result, "missed", ()):
            raise typer.Exit(1)

    hints = get_type_hints(operation.run, include_extras=True)
    own = list(inspect.signature(operation.run).parameters.values())[1:]
    parameters = [_parameter(one, hints[one.name]) for one in own]
    kind = inspect.Parameter.KEYWORD_ONLY
    parameters.append(inspect.Parameter("as_", kind, default=OWNER, annotation=As))
    parameters.append(inspect.Parameter("json_", kind, default=False, annotation=Json))
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    command.__doc__ = operation.run.__doc__
    return command


async def _run(
    run: Callable[..., Awaitable[Any]], session: Session, given: dict[str, Any], *, quiet: bool
) -> Any:
    with progress(quiet=quiet) as report:
        return await run(replace(session, report=report), **given)


def _parameter(parameter: inspect.Parameter, hint: Any) -> inspect.Parameter:
    """Return the parameter as Typer wants it."""
    said = next(extra for extra in get_args(hint) if isinstance(extra, Say))
    kind = get_args(hint)[0]
    if get_origin(kind) is Sequence:
        kind = list[get_args(kind)[0]]  # type: ignore[misc]
    option: Any
    if said.positional:
        option = typer.Argument(help=said.help)
    else:
        names = [f"--{parameter.name.replace('_', '-')}", *([said.short] if said.short else [])]
        option = typer.Option(*names, help=said.help)
    default = list(parameter.default) if isinstance(parameter.default, tuple) else parameter.default
    return inspect.Parameter(
        parameter.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option]
    )
