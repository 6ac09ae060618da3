"""JSON, JSON lines, YAML and TOML: their values as records, tables and paragraphs.

Numbers stand as written. Knows no schema but GeoJSON's coordinates, which are no text. Comments are
passed over, a YAML tag is not acted upon, and what aliases unfold to is bounded.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from cairn.adapters.parsers import language, records, tidy
from cairn.adapters.parsers.data_nodes import DEEP, DEEPEST, Pairs, item, tree
from cairn.adapters.parsers.data_yaml import compose
from cairn.adapters.parsers.records import Node
from cairn.adapters.parsers.text import decode
from cairn.errors import ParseFailed, Textless
from cairn.protocols import Parser
from cairn.types import Document

_TO_DROP = re.compile(
    r"""(?P<string>"(?:[^"\\]++|\\.)*+(?:"|\Z))|//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)|,(?=\s*+[}\]])""",
    re.DOTALL,
)
_FEW_NUMBERS = 12
_MOST_TOLD = 20
"""Lines that could not be read, told one by one."""


class _Read(NamedTuple):
    """A file's tree and what of it could not be read."""

    root: Node
    unread: tuple[str, ...] = ()


def _load_json(text: str) -> Any:
    """Read JSON, numbers as written; raises ParseFailed."""
    try:
        return json.loads(
            text, object_pairs_hook=Pairs, parse_float=str, parse_int=str, parse_constant=str, strict=False
        )
    except json.JSONDecodeError as error:
        raise ParseFailed(f"it is damaged: {error.msg} in line {error.lineno}") from error
    except RecursionError as error:
        raise ParseFailed(DEEP) from error


# --- JSON -----------------------------------------------------------------------------------


def _json(text: str) -> _Read:
    """Read JSON, with comments and commas too many if need be, or a value a line."""
    try:
        data = _load_json(text)
    except ParseFailed as error:
        if str(error) == DEEP:
            raise
        return _lenient(text, error)
    root = tree(data)
    return _Read(root, _without_coordinates(root))


def _lenient(text: str, error: ParseFailed) -> _Read:
    first, _, more = text.strip().partition("\n")
    try:
        if more and first[:1] in ("{", "["):
            json.loads(first)
            return _json_lines(text)
    except (ValueError, RecursionError):
        pass
    plain = _TO_DROP.sub(lambda found: found["string"] or " " * (found[0] != ","), text)
    if plain == text:
        raise error
    try:
        return _Read(tree(_load_json(plain)))
    except ParseFailed:
        raise error from None


def _json_lines(text: str) -> _Read:
    """Read a JSON value a line; what is no JSON is told by its line."""
    root = Node("", "$")
    children: list[Node] = []
    failed: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        child = item(len(children))
        try:
            read = tree(_load_json(line))
        except ParseFailed as error:
            failed.append(f"line {number}: {_briefly(error)}")
            continue
        child.text, child.children, child.lines = read.text, read.children, (number, number)
        children.append(child)
    if failed and not children:
        raise ParseFailed(DEEP if failed[0].endswith(DEEP) else f"it is damaged: {failed[0]}")
    root.children = children
    more = len(failed) - _MOST_TOLD
    return _Read(root, (*failed[:_MOST_TOLD], *([f"{more:,} more lines"] if more > 0 else [])))


def _briefly(error: ParseFailed) -> str:
    return str(error).removeprefix("it is damaged: ").removesuffix(" in line 1")


def _without_coordinates(root: Node) -> tuple[str, ...]:
    """Empty the long lists of coordinates of GeoJSON."""
    kind = next((child.text for child in root.children if child.label == "type"), "")
    if kind not in ("FeatureCollection", "Feature", "GeometryCollection"):
        return ()
    records.measure(root)
    dropped = 0
    stack = [root]
    while stack:
        node = stack.pop()
        if node.label == "coordinates" and node.leaves > _FEW_NUMBERS:
            dropped += node.leaves
            node.children = ()
        stack.extend(node.children)
    return (f"{dropped:,} coordinates of lines and areas",) if dropped else ()


def _yaml(text: str) -> _Read:
    return _Read(*compose(text))


# --- TOML -----------------------------------------------------------------------------------


def _toml(text: str) -> _Read:
    """Read TOML; of dotted keys tomllib remembers every beginning, so long ones are refused."""
    if any(line.partition("=")[0].count(".") > DEEPEST for line in text.split("\n")):
        raise ParseFailed(DEEP)
    try:
        return _Read(tree(tomllib.loads(text.replace("\r\n", "\n"), parse_float=str)))
    except RecursionError as error:
        raise ParseFailed(DEEP) from error
    except ValueError as error:
        raise ParseFailed(f"it is damaged: {error}") from error


_SYNTAX: dict[str, Callable[[str], _Read]] = {
    **dict.fromkeys((".jsonl", ".ndjson", ".jsonlines"), _json_lines),
    **dict.fromkeys((".yaml", ".yml"), _yaml),
    ".toml": _toml,
}


class Data:
    """Reads JSON, JSON lines, YAML and TOML; which, the name tells, or else the first letter."""

    name = "data/1"
    media_types = frozenset(
        {
            "application/json",
            "application/geo+json",
            "application/jsonl",
            "application/x-ndjson",
            "application/yaml",
            "application/toml",
        }
    )

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is damaged, nests too deep or is empty."""
        text = decode(tidy.read(path))
        if not text.strip():
            raise Textless("no text in it")
        read = _reader(text, name)(text)
        elements = tuple(records.elements(read.root))
        if not elements:
            raise Textless("no text in it")
        own, stated = said(read.root)
        return Document(
            title=tidy.titled(own, (), name),
            elements=elements,
            metadata=stated,
            language=language.detect(records.sentences(read.root)),
            unread=read.unread,
        )


def _reader(text: str, name: str) -> Callable[[str], _Read]:
    known = _SYNTAX.get(PurePosixPath(name).suffix.lower())
    if known is not None:
        return known
    return _json if text.lstrip()[:1] in ("{", "[", '"') or name.lower().endswith("json") else _yaml


_STATED = (
    ("author", "author authors creator created_by"),
    ("created", "created created_at createdat date datecreated published"),
    ("modified", "modified updated updated_at updatedat last_modified datemodified"),
    ("tags", "tags keywords"),
    ("description", "description summary abstract"),
    ("publisher", "publisher"),
)


def said(root: Node) -> tuple[list[str], dict[str, str]]:
    """Return the titles and the metadata that stand at the top of a tree."""
    above = [root, *(child for child in root.children if child.label.lower() in ("metadata", "meta", "info"))]
    told: dict[str, str] = {}
    for node in above:
        for child in node.children:
            text = records.value(child)
            if text and not child.is_item:
                told.setdefault(child.label.lower(), text)
    titles = [told[key] for key in ("title", "name") if key in told]
    return titles, tidy.metadata(_stated(told))


def _stated(told: dict[str, str]) -> Iterator[tuple[str, str | None]]:
    for key, names in _STATED:
        for name in names.split():
            text = told.get(name)
            is_date = key in ("created", "modified")
            yield key, tidy.iso_date(text) if is_date and text is not None else text


def load(rest: str) -> Parser:
    """Build the parser of structured data; it takes no argument."""
    return Data()
