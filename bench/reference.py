"""Writes docs/reference.md from the code: operations, settings and adapters.

python -m bench.reference
"""

import inspect
from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin, get_type_hints

from bench.sets import ROOT
from cairn import registry
from cairn.operations import OPERATIONS, Operation, Say
from cairn.settings import SETTINGS

PATH = ROOT / "docs" / "reference.md"


def main() -> None:
    """Write the file."""
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(reference(), encoding="utf-8")


def reference() -> str:
    """Return the reference as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Reference\n\nMade from the code by `python -m bench.reference`; a test holds it to it.\n"
    yield "## Commands\n\nEach takes `--as PERSON` and `--json`.\n"
    for operation in OPERATIONS:
        yield from _operation(operation)
    yield "## Settings\n"
    yield "In `settings.toml` in the library's folder, or as `CAIRN_NAME` in the environment.\n"
    yield "| setting | default | meaning |\n|---|---|---|"
    for setting in SETTINGS:
        yield f"| `{setting.name}` | `{setting.default}` | {setting.help} |"
    yield "\n## Adapters\n"
    yield "| kind | name | extra | what it is |\n|---|---|---|---|"
    for kind, known in registry.BUILT_INS.items():
        for name, built_in in known.items():
            extra = f"`{built_in.extra}`" if built_in.extra is not None else ""
            yield f"| {kind} | `{name}` | {extra} | {_first_line(built_in.module)} |"
    yield "\nA package adds its own with an entry point in the group `cairn.KIND`."


def _operation(operation: Operation) -> Iterator[str]:
    yield f"### `cairn {operation.name.replace('.', ' ')}`\n"
    yield inspect.cleandoc(operation.run.__doc__ or "") + "\n"
    hints = get_type_hints(operation.run, include_extras=True)
    yield f"Returns `{_name(hints['return'])}`.\n"
    parameters = list(inspect.signature(operation.run).parameters.values())[1:]
    if parameters:
        yield "| parameter | default | meaning |\n|---|---|---|"
    for one in parameters:
        said: Say = next(extra for extra in get_args(hints[one.name]) if isinstance(extra, Say))
        name = one.name.upper() if said.positional else f"--{one.name.replace('_', '-')}"
        default = "" if one.default in (inspect.Parameter.empty, None, (), "") else f"`{one.default}`"
        yield f"| `{name}` | {default} | {said.help} |"
    yield ""


def _name(hint: Any) -> str:
    if get_origin(hint) in (tuple, list, Sequence):
        return f"list of {get_args(hint)[0].__name__}"
    return str(hint.__name__)


def _first_line(module: str) -> str:
    path = ROOT / "src" / f"{module.replace('.', '/')}.py"
    text = path.read_text(encoding="utf-8").removeprefix('"""')
    return " ".join(text.split('"""')[0].split("\n\n")[0].split())


if __name__ == "__main__":
    main()
