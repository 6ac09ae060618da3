"""An operation's parameters as a model, checked as they come, and the schema of what it returns.

Knows nothing of how it is sent.
"""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from cairn.operations import Operation, Say
from cairn.results import INTERNAL


def _text(said: str) -> str:
    """Refuse what no database can hold: halves of characters, and NUL."""
    if "\0" in said or any("\ud800" <= char <= "\udfff" for char in said):
        raise ValueError("is not text")
    return said


Text = Annotated[str, AfterValidator(_text)]


@cache
def model(operation: Operation) -> type[BaseModel]:
    """Return the model of what an operation is given."""
    hints = get_type_hints(operation.run, include_extras=True)
    fields: dict[str, Any] = {}
    for parameter in list(inspect.signature(operation.run).parameters.values())[1:]:
        hint = hints[parameter.name]
        said = next(extra for extra in get_args(hint) if isinstance(extra, Say))
        kind = get_args(hint)[0]
        default = ... if parameter.default is parameter.empty else parameter.default
        if get_origin(kind) is Sequence:
            kind, default = list[Text], [*default] if default is not ... else ...
        elif kind is str:
            kind = Text
        fields[parameter.name] = (
            kind,
            Field(default, description=said.help, examples=[said.example] if said.example else None),
        )
    name = "".join(word.capitalize() for word in operation.name.split("."))
    return create_model(name, __config__=ConfigDict(extra="forbid"), **fields)


def arguments(sent: BaseModel) -> dict[str, Any]:
    """Return what was sent as an operation takes it."""
    given = {name: getattr(sent, name) for name in type(sent).model_fields}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


def wrong(errors: Iterable[Mapping[str, Any]], *, within: int = 0) -> str:
    """Name what is wrong with what was sent, without repeating it; leaves out so much of each place."""
    return "; ".join(f"{'.'.join(map(str, one['loc'][within:]))}: {one['msg']}" for one in errors)


def leave_out(schemas: dict[str, Any]) -> None:
    """Take out of the schemas of results, by name, what ``plain`` leaves out of them."""
    for name in ("Evidence", "PassageText"):
        if name in schemas:
            shown = schemas[name]["properties"]
            schemas[name]["properties"] = {key: one for key, one in shown.items() if key not in INTERNAL}
