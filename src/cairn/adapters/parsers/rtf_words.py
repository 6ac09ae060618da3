"""Rich Text cut into its groups, control words and decoded text.

Knows fonts and code pages, for they decide what the bytes mean, and nothing else of what words do.
"""

import codecs
import re
from collections.abc import Iterable, Iterator

from cairn.errors import ParseFailed

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|[\r\n\0]+|([^\\{}\r\n\0]+)|\\",
    re.DOTALL,
)
_SKIP = re.compile(rb"\\bin([0-9]{1,10}) ?|\\.|[{}]", re.DOTALL)
_UNICODE_TWIN = re.compile(rb"\{\s*\\\*\s*\\ud\b")
_CHARSETS = {
    **{
        77: "mac_roman",
        128: "cp932",
        129: "cp949",
        130: "johab",
        134: "gb18030",
        136: "cp950",
        161: "cp1253",
    },
    **{
        162: "cp1254",
        163: "cp1258",
        177: "cp1255",
        178: "cp1256",
        186: "cp1257",
        204: "cp1251",
        222: "cp874",
    },
    **{238: "cp1250", 254: "cp437", 255: "cp850"},
}
_SIGNS = {"~": "\xa0", "_": "-", "-": "", ":": "", "|": ""}
_BULLETS = {0xB7: "\u2022", 0xA7: "\u25aa", 0xA8: "\u25a1", 0xD8: "\u2022", 0xFC: "\u2713", 0x6F: "\u25e6"}
_OWN = ("bin", "u", "uc", "fonttbl", "f", "fcharset", "cpg", "ansicpg", "mac", "pc", "pca", "plain")
_DEEPEST = 20_000


class Group:
    """What holds within a pair of braces; a copy begins with each brace."""

    __slots__ = (
        "encoding",
        "fallback",
        "into",
        "is_cell",
        "is_hidden",
        "is_item",
        "is_note",
        "is_starred",
        "outline",
        "style",
    )

    def __init__(self) -> None:
        self.into = "text"
        """Where its text goes: ``text``, ``marker``, ``info``, ``stylesheet`` and the like."""
        self.encoding = ""
        self.fallback = 1
        """Bytes that follow a Unicode character for those who cannot read it."""
        self.style, self.outline = 0, -1
        self.is_cell = self.is_item = self.is_hidden = False
        self.is_note = self.is_starred = False

    def copy(self) -> "Group":
        """Return the group that begins within this one."""
        inner = Group()
        for name in ("into", "encoding", "fallback", "style", "outline", "is_cell", "is_item", "is_hidden"):
            setattr(inner, name, getattr(self, name))
        return inner


def encoding_of(page: int | None) -> str:
    """Return the codec of a code page; the Western one if there is none."""
    names = {65001: "utf-8", 936: "gb18030", 10000: "mac_roman", 1361: "johab"}
    name = names.get(page, f"cp{page}") if page is not None else "cp1252"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "cp1252"


class Words:
    """Iterates (group, word, number): a control word, a brace, or nothing for the text in ``text``."""

    def __init__(self, data: bytes, known: Iterable[str]) -> None:
        """``known`` are the control words that the reader asks for; the others are passed over."""
        self._data = data
        self._known = frozenset(word.encode("ascii") for word in (*known, *_OWN))
        self._at = 0
        self._default = "cp1252"
        self._fonts: dict[int, str] = {}
        self._font = -1
        self._raw = bytearray()
        self._raw_encoding = ""
        self._groups = [Group()]
        self._to_drop = 0
        self.text = ""

    def __iter__(self) -> Iterator[tuple[Group, str, int | None]]:
        while (found := _TOKEN.match(self._data, self._at)) is not None:
            self._at = found.end()
            group = self._groups[-1]
            kind = found.lastindex
            if kind == 3:
                self._byte(group, found[3])
                continue
            if kind == 6:
                self._run(group, found[6])
                continue
            is_word = kind is not None and kind <= 2
            if kind is None or (is_word and self._is_idle(group, found[1])):
                continue
            yield from self._flushed(group)
            if is_word:
                number = int(found[2]) if found[2] is not None else None
                yield from self._word(group, found[1].decode("ascii"), number)
            elif kind == 5:
                yield from self._brace(group, found[5])
            elif kind == 4:
                yield from self._sign(group, found[4].decode("latin-1"))
        yield from self._flushed(self._groups[-1])

    def skip(self) -> None:
        """Go to the end of the group that is open, reading nothing in it."""
        depth = 1
        while depth and (found := _SKIP.search(self._data, self._at)) is not None:
            self._at = found.end()
            if found[1] is not None:
                self._at += int(found[1])
            elif found[0] == b"{":
                depth += 1
            elif found[0] == b"}":
                depth -= 1
        self._at = self._at - 1 if not depth else len(self._data)

    def _is_idle(self, group: Group, word: bytes) -> bool:
        """Tell a word that changes nothing here."""
        return word not in self._known and not group.is_starred and not self._to_drop

    def _flushed(self, group: Group) -> Iterator[tuple[Group, str, int | None]]:
        """Yield the bytes gathered so far as text."""
        if self._raw:
            self.text = self._raw.decode(self._raw_encoding, "replace").replace("\ufffd", "")
            self._raw.clear()
            yield group, "", None

    def _byte(self, group: Group, digits: bytes) -> None:
        if self._to_drop:
            self._to_drop -= 1
            return
        self._add(group, bytes([int(digits, 16)]))

    def _run(self, group: Group, text: bytes) -> None:
        dropped = min(self._to_drop, len(text))
        self._to_drop -= dropped
        self._add(group, text[dropped:])

    def _add(self, group: Group, data: bytes) -> None:
        self._raw_encoding = group.encoding if group.encoding else self._default
        self._raw += data

    def _brace(self, group: Group, brace: bytes) -> Iterator[tuple[Group, str, int | None]]:
        self._to_drop = 0
        if brace == b"{":
            if len(self._groups) > _DEEPEST:
                raise ParseFailed(f"it is damaged: its groups are nested more than {_DEEPEST:,} deep")
            self._groups.append(group.copy())
            if group.into == "upr":
                self._choose(self._groups[-1])
            yield group, "{", None
        elif len(self._groups) > 1:
            self._groups.pop()
            yield group, "}", None

    def _choose(self, inner: Group) -> None:
        """Of text that is there twice, read the one in Unicode."""
        inner.into = "text"
        if _UNICODE_TWIN.match(self._data, self._at - 1) is None:
            self.skip()

    def _sign(self, group: Group, sign: str) -> Iterator[tuple[Group, str, int | None]]:
        if sign == "*":
            group.is_starred = True
        elif sign in "\r\n":
            yield group, "par", None
        elif self._to_drop:
            self._to_drop -= 1
        else:
            self.text = _SIGNS.get(sign, sign if sign in "\\{}" else "\t" if sign == "\t" else "")
            if self.text:
                yield group, "", None

    def _word(self, group: Group, word: str, number: int | None) -> Iterator[tuple[Group, str, int | None]]:
        if word == "bin":
            self._at += max(number, 0) if number is not None else 0
        elif word == "u" and number is not None:
            self._to_drop = group.fallback
            self.text = _character(number)
            yield group, "", None
        elif word == "uc":
            group.fallback = min(max(number, 0), 9) if number is not None else 1
        elif self._to_drop and word not in ("par", "cell", "row", "tab", "line"):
            self._to_drop -= 1
        elif not self._page(group, word, number):
            yield group, word, number
            group.is_starred = False

    def _page(self, group: Group, word: str, number: int | None) -> bool:
        """Follow what decides how bytes are read; True if the word did."""
        if word == "fonttbl":
            group.into = "fonts"
        elif word == "f" and number is not None:
            self._font = number
            if group.into != "fonts":
                group.encoding = self._fonts.get(number, "")
        elif word == "fcharset" and group.into == "fonts":
            self._fonts[self._font] = _CHARSETS.get(number if number is not None else 0, "")
        elif word == "cpg" and group.into == "fonts":
            self._fonts[self._font] = encoding_of(number)
        elif word == "ansicpg":
            self._default = encoding_of(number)
        elif word in ("mac", "pc", "pca"):
            self._default = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}[word]
        elif word == "plain":
            group.encoding = ""
            return False
        else:
            return False
        return True


def _character(number: int) -> str:
    """Return the character of ``\\u``: a signed UTF-16 unit; of a symbol font's a bullet at most."""
    code = number & 0xFFFF if number < 0 else number
    if 0xF000 <= code <= 0xF0FF:
        return _BULLETS.get(code - 0xF000, "")
    return chr(code) if code <= 0x10FFFF else ""
