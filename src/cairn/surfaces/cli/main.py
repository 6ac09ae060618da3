"""The command line, made from the operations: one command each, its parameters as declared.

Knows how a person types and nothing of what is done. Errors are one line with the way out.
"""

import asyncio
import inspect
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer

from cairn.access import OWNER
from cairn.app import Session, open_library
from cairn.errors import CairnError
from cairn.operations import OPERATIONS, Operation, Say
from cairn.results import plain
from cairn.surfaces.cli.progress import progress
from cairn.surfaces.cli.show import show

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
    try:
        build()(standalone_mode=True)
    except CairnError as error:
        typer.echo(f"cairn: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo(
            "cairn: stopped; what was done is kept, and the same command goes on from there.", err=True
        )
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()


def _command(operation: Operation) -> Callable[..., None]:
    """Return a function that Typer understands: the operation's parameters, --as and --json."""

    def command(as_: str, json_: bool, **arguments: Any) -> None:
        given = {name: tuple(v) if isinstance(v, list) else v for name, v in arguments.items()}
        with open_library(as_=as_, create=operation.name in CREATES) as session:
            result = asyncio.run(_run(operation.run, session, given, quiet=json_))
        if json_:
            typer.echo(json.dumps(plain(result), indent=2, ensure_ascii=False))
        else:
            show(result)
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
