"""From JSON back to results: the inverse of ``plain``, up to what it leaves out."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints


def read(kind: Any, value: Any) -> Any:
    """Return what ``plain`` wrote as ``value``, as a ``kind``; raises TypeError for what is not one."""
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return read(inside[0], value)
    if origin in (Union, UnionType):
        return None if value is None else read(next(one for one in inside if one is not NoneType), value)
    if origin is tuple:
        return tuple(read(one, item) for one, item in zip(_each(inside, len(value)), value, strict=True))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: read(inside[1], item) for key, item in value.items()}
    return _plain(kind, value)


def _plain(kind: Any, value: Any) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        held = {f.name: read(hints[f.name], value[f.name]) for f in fields(kind) if f.name in value}
        return kind(**held)
    if isinstance(kind, type) and issubclass(kind, date):
        return kind.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if isinstance(kind, type) and issubclass(kind, tuple):
        return kind(*value)
    return value


def _each(inside: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    return (inside[0],) * count if inside[-1] is Ellipsis else inside


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
