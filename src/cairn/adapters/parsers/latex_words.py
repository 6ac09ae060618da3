r"""The words of LaTeX: what a reader of the printed page sees of a piece of running text.

Goes through it once with a stack of open braces. Knows the accents and the common commands; of others
the name goes and the text in their braces stays. Mathematics stays as written.
"""

import re
import unicodedata

from cairn.adapters.parsers.lightmarkup import Inline, names

_TOKEN = re.compile(
    r"\\(?P<name>[a-zA-Z@]+)\*?(?P<gap>[ \t]*)|\\(?P<sign>[^a-zA-Z\r\n])|\\(?=\r?\n)|(?P<math>\$\$?)"
    r"|(?P<brace>[{}])|(?P<quote>``|''|---?|~)"
)
_LONGEST = 2000
"""Characters of one argument in brackets."""
_ACCENTS = {
    **{
        "`": "\u0300",
        "'": "\u0301",
        "^": "\u0302",
        "~": "\u0303",
        '"': "\u0308",
        "=": "\u0304",
        ".": "\u0307",
    },
    **{
        "c": "\u0327",
        "v": "\u030c",
        "u": "\u0306",
        "H": "\u030b",
        "r": "\u030a",
        "k": "\u0328",
        "d": "\u0323",
    },
    "b": "\u0331",
}
_LETTERS = {
    **{"ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "aa": "å", "AA": "Å"},
    **{
        "l": "ł",
        "L": "Ł",
        "i": "ı",
        "j": "ȷ",
        "dots": "…",
        "ldots": "…",
        "textellipsis": "…",
        "copyright": "©",
    },
    **{"textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^", "textdegree": "°", "euro": "€"},
    **{"textendash": "–", "textemdash": "—", "textbar": "|", "textless": "<", "textgreater": ">", "S": "§"},
    **{"textquotedblleft": "“", "textquotedblright": "”", "textquoteleft": "‘", "textquoteright": "’"},
    **{"pounds": "£", "texteuro": "€", "textregistered": "®", "texttrademark": "™", "P": "¶", "dag": "†"},
    **{
        "LaTeX": "LaTeX",
        "TeX": "TeX",
        "LaTeXe": "LaTeX2e",
        "quad": " ",
        "qquad": " ",
        "newline": " ",
        "slash": "/",
    },
    **{"textunderscore": "_", "textbraceleft": "{", "textbraceright": "}", "today": "", "and": ", "},
}
_SIGNS = {"-": "", "/": "", ",": " ", ";": " ", ":": " ", "!": "", " ": " ", "\\": " ", "@": ""}
_QUOTES = {"``": "“", "''": "”", "--": "–", "---": "—", "~": " "}
_SILENT = {
    **dict.fromkeys(
        names("""label index vspace hspace vskip pagestyle thispagestyle bibliographystyle bibliography
        input include includegraphics
        usepackage setlength setcounter addtocounter graphicspath newcommand renewcommand
        providecommand newenvironment def definecolor hypersetup pagenumbering phantomsection nocite glsadd
        includeonly subfile import lstset captionsetup addcontentsline markboth markright fontsize linespread
        rule selectlanguage settowidth stepcounter refstepcounter documentclass newtheorem DeclareMathOperator
        hyphenation addbibresource printbibliography theoremstyle lstinputlisting verbatiminput arraystretch
        tabcolsep cline cmidrule arrayrulecolor rowcolor cellcolor"""),
        1,
    ),
    **dict.fromkeys(names("def addtolength setlength newcommand renewcommand providecommand settowidth"), 2),
    **dict.fromkeys(names("setcounter addtocounter fontsize rule DeclareMathOperator newtheorem import"), 2),
    **{"definecolor": 3, "newenvironment": 3, "addcontentsline": 3, "markboth": 2},
}
_FIRST_SILENT = names(
    """textcolor colorbox href foreignlanguage multirow parbox raisebox resizebox scalebox fcolorbox rotatebox
    multicolumn hyperref begin color"""
)
_NOTES = frozenset({"footnote", "footnotetext", "thanks", "endnote", "sidenote", "marginpar"})
_CITED = names(
    """cite citep citet citealp citealt citeauthor citeyear parencite textcite autocite footcite
    ref eqref pageref autoref cref Cref nameref vref"""
)


class Arguments:
    """Finds the arguments of commands in a text; its braces are matched once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends: dict[int, int] | None = None

    def read(self, at: int, opening: str = "{") -> tuple[str, int]:
        """Return the argument in braces (or brackets) that follows ``at``, and where it ends.

        Where none follows, or it never ends, it is empty and ends at ``at``.
        """
        gap = _GAP.match(self._text, at, at + 200)
        begin = gap.end() if gap is not None else at
        if not self._text.startswith(opening, begin):
            return "", at
        if opening == "[":
            end = self._text.find("]", begin, begin + _LONGEST)
        else:
            self._ends = self._matched() if self._ends is None else self._ends
            end = self._ends.get(begin, -1)
        return (self._text[begin + 1 : end], end + 1) if end >= 0 else ("", at)

    def _matched(self) -> dict[int, int]:
        ends: dict[int, int] = {}
        begun: list[int] = []
        for found in _BRACE.finditer(self._text):
            if found[0] == "{":
                begun.append(found.start())
            elif found[0] == "}" and begun:
                ends[begun.pop()] = found.start()
        return ends


_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_GAP = re.compile(r"[ \t]*(?:\r?\n)?[ \t]*")


def inline(text: str) -> Inline:
    """Take LaTeX's commands off."""
    words = _Words(text)
    words.read()
    return Inline("".join(words.pieces[0]), ["".join(note) for note in words.notes])


class _Words:
    """Reads one piece of text; notes within it are collected apart."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._arguments = Arguments(text)
        self.pieces: list[list[str]] = [[]]
        self.notes: list[list[str]] = []
        self._braces: list[bool] = []

    def read(self) -> None:
        """Read it all."""
        at = 0
        while found := _TOKEN.search(self._text, at):
            self._put(self._text[at : found.start()])
            at = self._take(found)
        self._put(self._text[at:])
        while len(self.pieces) > 1:
            self.notes.append(self.pieces.pop())

    def _put(self, piece: str) -> None:
        if piece:
            self.pieces[-1].append(piece)

    def _take(self, found: re.Match[str]) -> int:
        """Read a token; return where the next may begin."""
        if found["brace"]:
            self._brace(found["brace"])
        elif found["math"]:
            return self._math(found)
        elif found["quote"]:
            self._put(_QUOTES[found["quote"]])
        elif found["sign"]:
            return self._sign(found["sign"], found)
        elif found["name"]:
            return self._command(found["name"], found)
        return found.end()

    def _brace(self, brace: str) -> None:
        if brace == "{":
            self._braces.append(False)
        elif self._braces and self._braces.pop() and len(self.pieces) > 1:
            self.notes.append(self.pieces.pop())

    def _math(self, found: re.Match[str]) -> int:
        end = self._text.find(found[0], found.end(), found.end() + 5_000)
        if end < 0:
            self._put(found[0])
            return found.end()
        self._put(self._text[found.start() : end + len(found[0])])
        return end + len(found[0])

    def _sign(self, sign: str, found: re.Match[str]) -> int:
        if sign in _ACCENTS:
            return self._accent(sign, found.end())
        if sign in "([":
            closing = "\\)" if sign == "(" else "\\]"
            end = self._text.find(closing, found.end(), found.end() + 5_000)
            if end >= 0:
                self._put(self._text[found.start() : end + 2])
                return end + 2
        if sign == "\\":
            _, end = (
                self._arguments.read(found.end(), "[") if self._text[found.end() :][:1] == "[" else ("", 0)
            )
            self._put(" ")
            return max(end, found.end())
        self._put(_SIGNS.get(sign, sign))
        return found.end()

    def _accent(self, sign: str, at: int) -> int:
        letter = re.compile(r"\s*\{?\s*(\\[ij](?![a-zA-Z])|[^\W\d_])?\s*\}?").match(self._text, at)
        if letter is None or letter[1] is None:
            return at
        base = letter[1][-1]
        self._put(unicodedata.normalize("NFC", base + _ACCENTS[sign]))
        return letter.end()

    def _command(self, name: str, found: re.Match[str]) -> int:
        text, at = self._text, found.end("name")
        if name in ("verb", "lstinline", "mintinline") and (plain := self._verb(at)):
            return plain
        at = at + text.startswith("*", at)
        if len(name) == 1 and name in _ACCENTS:
            return self._accent(name, found.end())
        if name in _LETTERS:
            self._put(_LETTERS[name])
            return at + (2 if text.startswith("{}", at) else len(found["gap"]))
        if name in _NOTES or name in _CITED or name in _SILENT or name in _FIRST_SILENT:
            return self._argued(name, at)
        if text.startswith("[", at):
            _, at = self._arguments.read(at, "[")
        return at if text.startswith("{", at) else max(at, found.end())

    def _verb(self, at: int) -> int:
        """Read ``\\verb|as is|``; return where it ends, 0 where it is none."""
        sign = self._text[at : at + 1]
        end = self._text.find(sign, at + 1, at + 1000) if sign and sign not in "{[ \n" else -1
        if end < 0:
            return 0
        self._put(self._text[at + 1 : end])
        return end + 1

    def _argued(self, name: str, at: int) -> int:
        """Read a command whose arguments are no running text, or are a note."""
        options, at = self._arguments.read(at, "[")
        if name in _NOTES:
            if self._text[at : at + 1] == "{" and len(self.pieces) < 20:
                self.pieces.append([])
                self._braces.append(True)
                return at + 1
            return at
        count = _SILENT.get(
            name, {"fcolorbox": 2, "multirow": 2, "multicolumn": 2, "resizebox": 2}.get(name, 1)
        )
        shown = ""
        for _ in range(count):
            while self._text.startswith("[", at):
                _, after = self._arguments.read(at, "[")
                if after == at:
                    break
                at = after
            if name in ("newcommand", "renewcommand", "def") and (bare := _BARE.match(self._text, at)):
                shown, at = "", bare.end()
                continue
            shown, at = self._arguments.read(at)
        if name in _CITED:
            cited = f"[{', '.join(filter(None, (shown, options.replace('~', ' '))))}]"
            self._put(shown if "ref" in name else cited)
        return at


_BARE = re.compile(r"\s*\\[a-zA-Z@]+(?:#\d)*")
