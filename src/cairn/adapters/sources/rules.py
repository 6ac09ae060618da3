"""The access rule file ``.cairn-access``: who may read what, by patterns like gitignore's.

    # the last line that matches a file decides; what no line matches only the owner reads
    *                 allow everyone
    hr/               allow group:hr     deny person:tomas
    "board papers/"   allow group:board  require group:cleared

Knows nothing of files: a file's path relative to the rule file's folder is all it is asked.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from cairn.access import EVERYONE, NOBODY, Readers
from cairn.errors import Invalid

NAME = ".cairn-access"
_TOKEN = re.compile(r'"(?P<quoted>[^"]*)"(?!\S)|(?P<plain>[^\s"]\S*)|(?P<bad>")')
_WHO = re.compile(r"(?:person|group):[^\s:]+")
_VERBS = ("allow", "deny", "require")


class Rule(NamedTuple):
    """One line: a compiled pattern and the readers of what it matches."""

    pattern: GitIgnoreSpecPattern
    readers: Readers


class Token(NamedTuple):
    """A word of a line and its column, from 1."""

    text: str
    column: int


def parse(text: str, origin: str) -> tuple[Rule, ...]:
    """Read a rule file; raises Invalid with ``origin:line:column`` at the first mistake."""
    rules = []
    for number, line in enumerate(text.splitlines(), start=1):
        where = f"{origin}:{number}"
        tokens = list(_tokens(line, where))
        if tokens:
            rules.append(Rule(_pattern(tokens[0], where), _readers(tokens, where)))
    return tuple(rules)


def readers(path: str, layers: tuple[tuple[str, tuple[Rule, ...]], ...]) -> Readers:
    """Decide by the last matching rule of the deepest folder that has one.

    ``layers`` are (folder prefix such as ``hr/``, its rules), outermost first.
    """
    for prefix, rules in reversed(layers):
        below = unicodedata.normalize("NFC", path.removeprefix(prefix))
        for rule in reversed(rules):
            if rule.pattern.match_file(below) is not None:
                return rule.readers
    return NOBODY


def _tokens(line: str, where: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(line):
        column = match.start() + 1
        if match["bad"] is not None:
            raise Invalid(f"{where}:{column}: this quotation mark opens nothing or is not closed.")
        if match["plain"] is not None and match["plain"].startswith("#"):
            return
        yield Token(match["quoted"] if match["plain"] is None else match["plain"], column)


def _pattern(token: Token, where: str) -> GitIgnoreSpecPattern:
    at = f"{where}:{token.column}"
    if token.text.startswith("!"):
        raise Invalid(f"{at}: a pattern cannot begin with '!'; write a later line that decides otherwise.")
    try:
        # The same letter may be written in two ways: as one character, or with its accent apart.
        pattern = GitIgnoreSpecPattern(unicodedata.normalize("NFC", token.text))
    except ValueError as error:
        raise Invalid(f"{at}: {token.text!r} is not a pattern: {error}") from error
    # A pattern that can match nothing would leave the files it means to an earlier, wider rule.
    if pattern.include is not True:
        raise Invalid(f"{at}: {token.text!r} is not a pattern that can match.")
    return pattern


def _readers(tokens: list[Token], where: str) -> Readers:
    named: dict[str, set[str]] = {verb: set() for verb in _VERBS}
    end = tokens[0].column + len(tokens[0].text)
    if len(tokens) == 1:
        raise Invalid(f"{where}:{end}: say who after the pattern: allow, deny or require.")
    verb = None
    for position, (text, column) in enumerate(tokens[1:], start=1):
        if text in _VERBS:
            if position + 1 == len(tokens) or tokens[position + 1].text in _VERBS:
                raise Invalid(f"{where}:{column}: nobody is named after {text!r}.")
            verb = text
        elif verb is None:
            raise Invalid(f"{where}:{column}: {text!r} stands where allow, deny or require is expected.")
        elif text != EVERYONE and not _WHO.fullmatch(text):
            raise Invalid(f"{where}:{column}: {text!r} is not everyone, person:NAME or group:NAME.")
        else:
            named[verb].add(text)
    return Readers(**{verb: frozenset(names) for verb, names in named.items()})
