"""AsciiDoc, LaTeX, Org and Typst: blocks with their lines, notes in their places, nothing followed or run."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cairn.adapters.parsers import asciidoc, latex, org, typst
from cairn.errors import ParseFailed
from cairn.types import Document, Element

LOADERS = {"asciidoc": asciidoc, "latex": latex, "org": org, "typst": typst}

ASCIIDOC = """\
= Pump *Handbook*
Ann Lee <ann@example.org>; Bob Ray
v1.2, 2024-05-06: second edition
:keywords: pumps, water
:product: HydroMax 3000

The _preamble_ about {product}, see https://example.org[the site^].footnote:[A note about *it*.]
Second line with `code_x` and {unknown}.

== Care

.Prices
[%header,cols="1,1"]
|===
|Part |Price

|valve
|12.50
2+|both
.2+|seal |3
|4
|===

[source,python]
----
def start(pump):

    return pump * 2
----

* first item
continued here
** nested item
. ordered

Term:: The definition.

image::pump.png[The pump in its house, 300]

// hidden comment
////
hidden block
////

=== Deep

NOTE: Do not run dry.
"""
LATEX = r"""\documentclass{article} % hidden
\usepackage{hidden}
\title{Pump \emph{Handbook}\thanks{hidden}}
\author{Ann Lee \and Bob M\"{u}ller}
\date{2024-05-06}
\newcommand{\hidden}[1]{x}
\begin{document}
\maketitle
\section{Introduction}\label{sec:hidden}
This is 50\% \textbf{bold and \textit{nested}} text.\footnote{A note about
\emph{it}.} See \cite[p.~3]{lee2020}. Math $a_1 < \frac{b}{c}$ stays. % hidden
Link \href{https://hidden.example}{shown} and ``quoted'' caf\'e---so. \verb|x_y %z|

\subsection[hidden]{Lists}
\begin{itemize}
  \item First \textbf{item}
        continued.
  \begin{enumerate}
    \item one
    \item two
  \end{enumerate}
\end{itemize}
\begin{equation}
  E = mc^2
\end{equation}
\begin{table}[ht]
\begin{tabular}{|l|r|}
\hline
Part & Price \\ \hline
valve & 12.50 \\
\multicolumn{2}{c}{both A \& B} \\ \hline
\end{tabular}
\caption{Prices of \emph{parts}}
\end{table}
\begin{figure}
\includegraphics[width=3cm]{hidden.png}
\caption{The pump.}
\end{figure}
\begin{verbatim}
 raw \section{x} % kept

   more
\end{verbatim}
\end{document}
hidden
"""
ORG = """\
#+title: Pump Handbook
#+author: Ann Lee
#+date: <2024-05-06 Mon>
#+filetags: :pumps:water:

* TODO [#A] Care :tag:
:PROPERTIES:
:CUSTOM_ID: hidden
:END:
Some *bold* and /italic/ text with =code_x= and a [[https://example.org][link]].[fn:1]
Second line with ~a*b*c~.

** Deep

- first item
  continued here
  1. ordered
- term :: definition

#+caption: Prices
| Part  | Price |
|-------+-------|
| valve | 12.50 |

#+begin_src python
def start(pump):

    return pump * 2
#+end_src

# hidden comment
#+begin_comment
hidden block
#+end_comment

: fixed width

[fn:1] A note about
it.
"""
TYPST = """\
#set document(title: "Pump Handbook", author: ("Ann Lee", "Bob Ray"),
  date: datetime(year: 2024, month: 5, day: 6))
#set text(lang: "en")
#let hidden(x) = {
  x + "hidden"
}
// hidden comment

= Care <hidden>

Some *bold* and _italic_ text with `code_x`
and a #link("https://hidden.example")[link].#footnote[A note about *it*.]
Math $a_1$ stays.

== Deep

- first item
  continued here
+ ordered

#figure(
  table(
    columns: 2,
    table.header([Part], [Price]),
    [valve], [12.50],
    [a list], [*two*
      lines],
  ),
  caption: [Prices],
)

```python
def start(pump):

    return pump * 2
```

#block(fill: red)[
  Within a block.
]
"""
SOURCES = {"asciidoc": ASCIIDOC, "latex": LATEX, "org": ORG, "typst": TYPST}


def parse(kind: str, folder: Path, content: str | bytes) -> Document:
    path = folder / "file"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    document = LOADERS[kind].load("").parse(path, f"guide.{kind}")
    for item in document.elements:
        check(item)
    return document


def check(item: Element) -> None:
    """Anchors cover the text without gap or overlap; nothing in it is untidy."""
    assert item.text.strip() and item.anchors[0].start == 0 and item.anchors[-1].end == len(item.text)
    assert all(one.end == two.start for one, two in zip(item.anchors, item.anchors[1:], strict=False))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\xa0\xad\ue000\ue001]", item.text)
    assert (item.level > 0) == (item.kind == "heading")
    assert item.kind != "table" or item.header < len(item.text.split("\n")) == len(item.anchors)


def of_kind(document: Document, kind: str) -> list[str]:
    return [item.text for item in document.elements if item.kind == kind]


def outline(document: Document) -> list[tuple[int, str]]:
    return [(item.level, item.text) for item in document.elements if item.kind == "heading"]


@pytest.mark.parametrize("kind", LOADERS)
def test_every_block_leads_back_to_its_lines(kind: str, tmp_path: Path) -> None:
    source = SOURCES[kind]
    for end in ("\n", "\r\n"):
        content = source.replace("\n", end)
        written = source.split("\n")
        for item in parse(kind, tmp_path, content).elements:
            for start, stop, locator, _ in item.anchors:
                assert locator.lines is not None and locator.chars is not None
                lines = " ".join(written[locator.lines[0] - 1 : locator.lines[1]])
                there = content[slice(*locator.chars)]
                for word in re.findall(r"[a-z]{4,}", item.text[start:stop].removeprefix("Figure: ")):
                    assert (word in lines and word in there) or word in ("ydro", "caf")


@pytest.mark.parametrize("kind", LOADERS)
def test_what_does_not_show_is_left_out(kind: str, tmp_path: Path) -> None:
    document = parse(kind, tmp_path, SOURCES[kind])
    assert "hidden" not in " ".join([document.title, *(item.text for item in document.elements)])
    assert document.title == "Pump Handbook"
    assert document.metadata["created"] == "2024-05-06"
    assert document.metadata["author"].startswith("Ann Lee")
    assert parse(kind, tmp_path, SOURCES[kind]) == document


@pytest.mark.parametrize("kind", LOADERS)
def test_a_note_follows_the_paragraph_that_refers_to_it(kind: str, tmp_path: Path) -> None:
    elements = parse(kind, tmp_path, SOURCES[kind]).elements
    (at,) = (at for at, item in enumerate(elements) if item.kind == "footnote")
    assert elements[at].text == "A note about it."
    assert elements[at - 1].kind == "paragraph" and "note" not in elements[at - 1].text


def test_asciidoc(tmp_path: Path) -> None:
    document = parse("asciidoc", tmp_path, ASCIIDOC)
    assert document.metadata == {
        "author": "Ann Lee, Bob Ray",
        "created": "2024-05-06",
        "tags": "pumps, water",
    }
    assert outline(document) == [(1, "Pump Handbook"), (2, "Care"), (3, "Deep")]
    assert of_kind(document, "paragraph") == [
        "The preamble about HydroMax 3000, see the site. Second line with code_x and {unknown}.",
        "NOTE: Do not run dry.",
    ]
    assert of_kind(document, "table") == ["Part | Price\nvalve | 12.50\nboth\nseal | 3\n | 4"]
    assert of_kind(document, "code") == ["def start(pump):\n\n    return pump * 2"]
    assert of_kind(document, "caption") == ["Prices", "Figure: The pump in its house"]
    assert of_kind(document, "list_item") == [
        "first item continued here",
        "nested item",
        "ordered",
        "Term: The definition.",
    ]
    assert document.elements[-1].anchors[0].locator.heading == ("Pump Handbook", "Care", "Deep")


def test_asciidoc_of_old(tmp_path: Path) -> None:
    document = parse("asciidoc", tmp_path, "Title\n=====\n\nPart\n----\n\nText.\n\n----\ncode\n----\n")
    assert outline(document) == [(1, "Title"), (2, "Part")]
    assert of_kind(document, "code") == ["code"]


def test_asciidoc_tables_of_values(tmp_path: Path) -> None:
    document = parse("asciidoc", tmp_path, '[%header]\n,===\na,b\n1,"2, 3"\n,===\n')
    assert of_kind(document, "table") == ["a | b\n1 | 2, 3"]


def test_latex(tmp_path: Path) -> None:
    document = parse("latex", tmp_path, LATEX)
    assert document.metadata["author"] == "Ann Lee, Bob Müller"
    assert outline(document) == [(1, "Introduction"), (2, "Lists")]
    assert of_kind(document, "paragraph") == [
        "This is 50% bold and nested text. See [lee2020, p. 3]. Math $a_1 < \\frac{b}{c}$ stays. "
        "Link shown and “quoted” café—so. x_y %z"
    ]
    assert of_kind(document, "list_item") == ["First item continued.", "1. one", "2. two"]
    assert of_kind(document, "caption") == ["Prices of parts", "The pump."]
    assert of_kind(document, "table") == ["Part | Price\nvalve | 12.50\nboth A & B"]
    kinds = [item.kind for item in document.elements]
    assert kinds[kinds.index("table") - 1] == "caption"
    assert of_kind(document, "code") == [
        "\\begin{equation}\n  E = mc^2\n\\end{equation}",
        " raw \\section{x} % kept\n\n   more",
    ]


def test_latex_follows_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret.tex"
    secret.write_text("topsecret", encoding="utf-8")
    for command in ("input", "include", "lstinputlisting", "verbatiminput", "includegraphics"):
        document = parse("latex", tmp_path, f"Text. \\{command}{{{secret}}} More.")
        assert of_kind(document, "paragraph") == ["Text. More."]


def test_latex_chapters(tmp_path: Path) -> None:
    document = parse(
        "latex", tmp_path, "\\chapter{One}\nText.\n\\section*{Two}\nText.\n\\paragraph{Three} Text.\n"
    )
    assert outline(document) == [(1, "One"), (2, "Two"), (5, "Three")]


def test_a_long_latex_table_has_its_head_once(tmp_path: Path) -> None:
    rows = "A & B \\\\ \\midrule \\endfirsthead A & B \\\\ \\midrule \\endhead 1 & 2 \\\\"
    document = parse("latex", tmp_path, f"\\begin{{longtable}}{{ll}}{rows}\\end{{longtable}}")
    (table,) = (item for item in document.elements if item.kind == "table")
    assert (table.text, table.header) == ("A | B\n1 | 2", 1)


def test_org(tmp_path: Path) -> None:
    document = parse("org", tmp_path, ORG)
    assert document.metadata == {"author": "Ann Lee", "created": "2024-05-06", "tags": "pumps, water"}
    assert outline(document) == [(1, "Care"), (2, "Deep")]
    assert of_kind(document, "paragraph") == [
        "Some bold and italic text with code_x and a link. Second line with a*b*c."
    ]
    assert of_kind(document, "list_item") == [
        "first item continued here",
        "1. ordered",
        "term: definition",
    ]
    assert of_kind(document, "caption") == ["Prices"]
    assert of_kind(document, "table") == ["Part | Price\nvalve | 12.50"]
    assert of_kind(document, "code") == ["def start(pump):\n\n    return pump * 2", " fixed width"]


def test_typst(tmp_path: Path) -> None:
    document = parse("typst", tmp_path, TYPST)
    assert document.metadata["author"] == "Ann Lee, Bob Ray"
    assert outline(document) == [(1, "Care"), (2, "Deep")]
    assert of_kind(document, "paragraph") == [
        "Some bold and italic text with code_x and a link. Math $a_1$ stays.",
        "Within a block.",
    ]
    assert of_kind(document, "list_item") == ["first item continued here", "ordered"]
    assert of_kind(document, "caption") == ["Prices"]
    assert of_kind(document, "table") == ["Part | Price\nvalve | 12.50\na list | two lines"]
    assert of_kind(document, "code") == ["def start(pump):\n\n    return pump * 2"]


@pytest.mark.parametrize("kind", LOADERS)
@pytest.mark.parametrize("content", [b"", b"\n \n", b"\x00\x01\x02\xff\xfe" * 400])
def test_what_holds_no_text_fails_with_a_reason(kind: str, content: bytes, tmp_path: Path) -> None:
    with pytest.raises(ParseFailed, match=r"empty file|no text in it|not text but binary data"):
        parse(kind, tmp_path, content)


@pytest.mark.parametrize("kind", LOADERS)
def test_torn_files_give_what_is_there(kind: str, tmp_path: Path) -> None:
    source = SOURCES[kind]
    for at in range(300, len(source), 37):
        kept = " ".join(item.text for item in parse(kind, tmp_path, source[:at]).elements)
        assert kept.split()[0] in source


HOSTILE: dict[str, list[str]] = {
    "asciidoc": [
        "----\n====\n",
        "`a ",
        "footnote:[",
        "link:",
        "image::",
        "[[a",
        "|===\n",
        "a::",
        "_a ",
        ":a: {a}{a}\n",
    ],
    "latex": [
        "{",
        "\\cite{",
        "\\footnote{",
        "\\begin{verbatim}\n",
        "\\begin{table}",
        "$a ",
        "\\item[",
        "\\title{",
        "\\(",
        "%",
    ],
    "org": ["#+begin_src\n", "[[", "[fn::", "=a ", "*a ", ":PROPERTIES:\n", "|a", "* "],
    "typst": ["#f(", "#f[", "#table(", "$a ", "`a ", "*a ", "#let a = {\n", "#footnote[", '#f("'],
}


@pytest.mark.parametrize(
    ("kind", "piece"), [(kind, piece) for kind, pieces in HOSTILE.items() for piece in pieces]
)
def test_hostile_text_stays_cheap(kind: str, piece: str, tmp_path: Path) -> None:
    def seconds(action: Callable[[], object]) -> float:
        began = time.process_time()
        action()
        return time.process_time() - began

    def read() -> None:
        parse(kind, tmp_path, "Text.\n\n" + piece * (200_000 // len(piece)))

    assert seconds(read) < 8
