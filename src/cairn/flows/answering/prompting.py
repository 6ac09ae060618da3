"""Prompts as files: what is said to a language model, by name and version, with declared inputs.

A file ``answer@2.md`` begins with the inputs it takes, then has a section for each part::

    ---
    inputs: question
    ---
    ## system
    You are ...
    ## user: question
    {question}

Knows nothing of models. A library's own folder may hold another file for any of the names.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from cairn.chat import Origin, Part, Speaker
from cairn.errors import Invalid, Unknown

BUILT_IN = Path(__file__).parents[2] / "prompts"

_NAME = re.compile(r"([a-z-]+)@([\w.-]+)")
_FILE = re.compile(r"---\ninputs:([^\n]*)\n---\n(.*)", re.DOTALL)
_SECTION = re.compile(r"^## (\w+)(?:: (\w+))?\n", re.MULTILINE)
_INPUT = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """One prompt, not yet filled in."""

    version: str
    """``answer@1``"""
    inputs: frozenset[str]
    parts: tuple[Part, ...]

    def filled(self, **given: str) -> tuple[Part, ...]:
        """Return its parts with the inputs in their places; what an input says is never read as a place.

        Raises Invalid unless exactly the declared inputs are given.
        """
        if given.keys() != self.inputs:
            raise Invalid(
                f"The prompt {self.version} takes {_list(self.inputs)}; it was given {_list(given)}."
            )
        return tuple(
            part._replace(text=_INPUT.sub(lambda place: given[place[1]], part.text)) for part in self.parts
        )


class Prompts:
    """The prompts in force: those of the package, or of a folder that has another for a name."""

    def __init__(self, folder: Path | None = None) -> None:
        self._templates = _read(BUILT_IN)
        if folder is not None:
            self._templates |= _overriding(_read(folder), self._templates, folder)

    def __getitem__(self, name: str) -> Template:
        """Return the prompt of this name; raises Unknown."""
        try:
            return self._templates[name]
        except KeyError:
            raise Unknown.name("prompt", name, self._templates) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._templates)


def _read(folder: Path) -> dict[str, Template]:
    if not folder.is_dir():
        raise Invalid(f"prompts = {folder} is no folder; make it, or leave the setting empty.")
    found: dict[str, Template] = {}
    for path in sorted(folder.glob("*.md")):
        name = _NAME.fullmatch(path.stem)
        if name is None:
            raise Invalid(f"{path} is not called NAME@VERSION.md.")
        if name[1] in found:
            raise Invalid(f"{path} and {found[name[1]].version} are both {name[1]}; keep one.")
        found[name[1]] = _template(path)
    return found


def _overriding(
    own: dict[str, Template], shipped: Mapping[str, Template], folder: Path
) -> dict[str, Template]:
    """Check that what a folder has can stand in for what is shipped, and can be told from it."""
    for name, template in own.items():
        if name not in shipped:
            raise Unknown.name("prompt", name, shipped)
        if template.inputs != shipped[name].inputs:
            raise Invalid(
                f"{folder / template.version}.md must take {_list(shipped[name].inputs)}, "
                f"not {_list(template.inputs)}."
            )
        if template.version == shipped[name].version and template != shipped[name]:
            raise Invalid(
                f"{folder / template.version}.md is not the {template.version} that Cairn has; "
                f"give it a version of its own, such as {name}@house.md."
            )
    return own


def _template(path: Path) -> Template:
    text = path.read_text(encoding="utf-8")
    head = _FILE.fullmatch(text)
    if head is None:
        raise Invalid(f"{path} does not begin with its inputs between two lines of three dashes.")
    declared = frozenset(name.strip() for name in head[1].split(",") if name.strip())
    parts = tuple(_parts(head[2], path))
    used = {name for part in parts for name in _INPUT.findall(part.text)}
    if used != declared:
        raise Invalid(f"{path} declares {_list(declared)} and uses {_list(used)}; they must be the same.")
    return Template(version=path.stem, inputs=declared, parts=parts)


def _parts(body: str, path: Path) -> Iterable[Part]:
    before, *sections = _SECTION.split(body)
    if before.strip() or not sections:
        raise Invalid(
            f"{path} must be sections, each begun by a line such as ## system or ## user: question."
        )
    for speaker, origin, text in zip(*(iter(sections),) * 3, strict=True):
        of = origin if origin is not None else speaker
        if speaker not in get_args(Speaker) or of not in get_args(Origin):
            raise Invalid(f"{path}: ## {speaker}: {of} is no speaker and origin.")
        yield Part(cast(Speaker, speaker), cast(Origin, of), text.strip())


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) if names else "nothing"
