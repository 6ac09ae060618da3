"""reStructuredText's directives and roles: what docutils is told of those it must not run or does not know.

An unknown directive (of Sphinx: ``toctree``, ``autoclass``) keeps its argument and its content, an unknown
role its text. What a document names is known while that document is read, and no longer.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive, directives, roles

from cairn.adapters.parsers.lightmarkup import names

_DIRECTIVE = re.compile(r"\.\. +(?:\|[^|\n]+\| +)?([\w.+:-]{1,80}?)::(?:\s|$)", re.MULTILINE)
_ROLE = re.compile(r":([\w.+:-]{1,80}):`|`:([\w.+:-]{1,80}):")
_MOST = 2000
_VERBATIM = names(
    "code-block sourcecode literalinclude highlight-block ipython prompt testcode testsetup testoutput "
    "doctest mermaid graphviz uml digraph graph productionlist parsed-literal jupyter-execute plot math"
)
_SETTINGS = names("only ifconfig highlight currentmodule module py:module py:currentmodule tabularcolumns")
_DANGEROUS = frozenset({"include", "date", "raw", "literalinclude"})
_KNOWN: Any = directives
"""Where docutils keeps the directives by their names; its types do not tell."""
_PLAYED: Any = roles
_SHOWN = re.compile(r"(.*?)\s*<[^<>]*>", re.DOTALL)


class _AnyOption(dict[str, Any]):
    """Takes every option as it is written."""

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, key: str) -> Any:
        return directives.unchanged


class _Kept(Directive):
    """Keeps what an unknown directive holds."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = _AnyOption()

    def run(self) -> Sequence[nodes.Node]:
        """Return its argument as a paragraph and its content read on, or as it stands if it is code."""
        name = self.name.lower()
        if name == "date":
            return [nodes.Text("today")]
        text = "\n".join(self.content)
        argument = self.arguments[0] if self.arguments and name not in _SETTINGS | _DANGEROUS else ""
        if name in _VERBATIM or name in _DANGEROUS:
            block = nodes.literal_block(text, text)
            block.line = self.content_offset + 1
            return [block] if text.strip() else []
        holder = nodes.container()
        if argument:
            said = nodes.paragraph(argument, argument)
            said.line = self.lineno
            if name not in _VERBATIM:
                holder += said
        if name == "toctree":
            for at, entry in enumerate(self.content):
                item = nodes.paragraph(entry, entry)
                item.line = self.content_offset + 1 + at
                holder += item
        else:
            self.state.nested_parse(self.content, self.content_offset, holder, match_titles=True)
        return list(holder.children)


def _role(
    name: str,
    rawtext: str,
    text: str,
    lineno: int,
    inliner: Any,
    options: Mapping[str, Any] | None = None,
    content: Sequence[str] = (),
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """Show the text of an unknown role: ``Pump`` of ``:class:`~plant.Pump```."""
    shown = text.replace("\x00", "")
    titled = _SHOWN.fullmatch(shown)
    if titled is not None and titled[1]:
        shown = titled[1]
    elif shown.startswith("~"):
        shown = shown[1:].rpartition(".")[2]
    return [nodes.inline(rawtext, shown.removeprefix("!"))], []


@contextmanager
def known(source: str) -> Iterator[None]:
    """Make docutils know every directive and role that ``source`` names, for as long as this is held."""
    called = {found[1].lower() for found in _DIRECTIVE.finditer(source)}
    played = {(found[1] or found[2]).lower() for found in _ROLE.finditer(source)}
    standard = frozenset(_KNOWN._directive_registry) - _DANGEROUS
    kept_directives, kept_roles = dict(_KNOWN._directives), dict(_PLAYED._roles)
    for name in sorted(called - standard)[:_MOST]:
        directives.register_directive(name, _Kept)
    for name in sorted(played - frozenset(_PLAYED._role_registry))[:_MOST]:
        _PLAYED.register_local_role(name, _role)
    try:
        yield
    finally:
        for table, kept in ((_KNOWN._directives, kept_directives), (_PLAYED._roles, kept_roles)):
            table.clear()
            table.update(kept)
