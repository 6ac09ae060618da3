"""One slide of a PPTX: its shapes in reading order, as elements.

Knows text with its bullets (its own or those of layout and master), tables, groups, charts, diagrams
and alternative texts. Of pictures, ink, embedded objects, sound and film it knows only that they are there.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from cairn.adapters.parsers import arranged, charted, tidy
from cairn.types import Box, Element, Locator

Node = Any
"""An lxml element; lxml has no types of its own."""

_SHAPES = frozenset(["sp", "grpSp", "graphicFrame", "pic", "cxnSp", "AlternateContent"])
_TITLES = frozenset({"title", "ctrTitle"})
_RUNNING = frozenset({"sldNum", "dt", "ftr", "hdr", "sldImg"})
_BULLETS = frozenset({"buChar", "buAutoNum", "buBlip", "buNone"})
_ALIKE = {
    "ctrTitle": "title",
    "subTitle": "body",
    "obj": "body",
    "tbl": "body",
    "chart": "body",
    "dgm": "body",
}
_EMPTY_WORDS = re.compile(
    r"\s*(?:(?:picture|image|grafik|bild|graphic|photo|logo|shape|table|chart|object|figure)?\s*\d*"
    r"|\S*[\\/]\S*|\S+\.(?:png|jpe?g|gif|emf|wmf|svg|tiff?|bmp))\s*",
    re.IGNORECASE,
)
_GENERATED = re.compile(
    r"\s*(?:Description automatically generated.*|Automatisch generierte Beschreibung.*)", re.DOTALL
)


class Place(NamedTuple):
    """What a placeholder is: its type and its number."""

    kind: str
    number: str


class Frame:
    """The placeholders of a layout or a master: where they stand and what bullets they give."""

    def __init__(self, root: Node | None) -> None:
        self._by_number: dict[str, Node] = {}
        self._by_kind: dict[str, Node] = {}
        self._styles = root.find("{*}txStyles") if root is not None else None
        for shape in root.iter("{*}sp", "{*}pic", "{*}graphicFrame") if root is not None else ():
            place = placeholder(shape)
            if place is not None:
                self._by_number.setdefault(place.number, shape)
                self._by_kind.setdefault(_ALIKE.get(place.kind, place.kind), shape)

    def like(self, place: Place) -> Node | None:
        """Return the shape that a slide's placeholder takes after."""
        by_kind = self._by_kind.get(_ALIKE.get(place.kind, place.kind))
        return self._by_number.get(place.number, by_kind) if place.number else by_kind

    def style(self, place: Place | None) -> Node | None:
        """Return the master's style of a title, a body or anything else."""
        if self._styles is None:
            return None
        kind = "otherStyle" if place is None else "titleStyle" if place.kind in _TITLES else "bodyStyle"
        return self._styles.find(f"{{*}}{kind}")


class Slide(NamedTuple):
    """A slide's tree of shapes, its number, and how its related parts are read."""

    root: Node
    number: int
    frames: Sequence[Frame]
    """Its layout and its master."""
    part: Callable[[str], Node | None]
    """Returns the root of a related part, each once; None if it cannot be read."""


def read(slide: Slide) -> tuple[list[Element], list[str]]:
    """Return the slide's elements in reading order, and what could not be read."""
    tree = slide.root.find("{*}cSld/{*}spTree")
    reader = _Reader(slide)
    return (reader.read(tree), reader.unread) if tree is not None else ([], [])


class _Reader:
    def __init__(self, slide: Slide) -> None:
        self._slide = slide
        self._path: tuple[str, ...] = ()
        self._has_picture = False
        self.unread: list[str] = []

    def read(self, tree: Node) -> list[Element]:
        """Return the title and all other shapes."""
        title = next((shape for shape in tree.iterfind("{*}sp") if _is_title(shape)), None)
        text = " ".join(flat_paragraphs(title)) if title is not None else ""
        self._path = (text if text else f"Slide {self._slide.number}",)
        elements = list(self._below(tree, title if text else None))
        shape = _name(title) if title is not None and text else ""
        at = Locator(slide=self._slide.number, shape=shape)
        if not elements and not text:
            if self._has_picture:
                self.unread.append(f"slide {self._slide.number} needs OCR")
            return []
        return [tidy.whole("heading", self._path[0], at, level=1), *elements]

    def _below(self, tree: Node, title: Node | None) -> Iterator[Element]:
        """Walk the shapes and the groups of shapes in reading order, without recursion."""
        waiting = list(reversed(self._ordered(tree, title)))
        while waiting:
            shape = waiting.pop()
            if _tag(shape) == "grpSp":
                yield from self._figure(shape)
                waiting += reversed(self._ordered(shape))
            else:
                yield from self._shape(shape)

    def _ordered(self, group: Node, title: Node | None = None) -> list[Node]:
        shapes = [shape for shape in _children(group) if shape is not title]
        boxes = [self._box(shape) for shape in shapes]
        return [shapes[at] for at in arranged.order(boxes)]

    def _box(self, shape: Node) -> Box | None:
        """Return where a shape stands among its neighbours, if need be by its layout."""
        place = placeholder(shape)
        sources = [shape, *(frame.like(place) for frame in self._slide.frames if place is not None)]
        for source in sources:
            box = _own_box(source) if source is not None else None
            if box is not None:
                return box
        return None

    def _shape(self, shape: Node) -> Iterator[Element]:
        place = placeholder(shape)
        if place is not None and place.kind in _RUNNING:
            return
        tag = _tag(shape)
        if tag == "graphicFrame":
            yield from self._graphic(shape)
        elif tag == "sp" and shape.find("{*}txBody") is not None:
            yield from self._text(shape, place)
        self._has_picture |= tag == "pic"
        yield from self._figure(shape)

    def _locator(self, shape: Node) -> Locator:
        return Locator(slide=self._slide.number, shape=_name(shape), heading=self._path)

    def _figure(self, shape: Node) -> Iterator[Element]:
        """Yield a shape's alternative text, if it says something."""
        text = _alternative(shape)
        if text:
            yield tidy.whole("caption", f"Figure: {text}", self._locator(shape))

    def _text(self, shape: Node, place: Place | None) -> Iterator[Element]:
        styles = list(self._styles(shape, place))
        counts: dict[int, int] = {}
        for paragraph in shape.iterfind("{*}txBody/{*}p"):
            text = words(paragraph)
            if not text:
                continue
            level = _level(paragraph)
            bullet = _bullet(paragraph, level, styles)
            if bullet is None or _tag(bullet) == "buNone":
                counts.clear()
                yield tidy.whole("paragraph", text, self._locator(shape))
                continue
            for deeper in [other for other in counts if other > level]:
                del counts[deeper]
            if _tag(bullet) == "buAutoNum":
                counts[level] = counts.get(level, _start(bullet) - 1) + 1
                text = f"{_numeral(counts[level], bullet.get('type', ''))} {text}"
            yield tidy.whole("list_item", text, self._locator(shape))

    def _styles(self, shape: Node, place: Place | None) -> Iterator[Node]:
        """Yield the list styles that hold for a shape, the nearest first."""
        layouts = [frame.like(place) for frame in self._slide.frames] if place is not None else []
        for source in (shape, *layouts):
            if source is not None:
                yield from source.iterfind("{*}txBody/{*}lstStyle")
        for frame in self._slide.frames:
            style = frame.style(place)
            if style is not None:
                yield style

    def _graphic(self, frame: Node) -> Iterator[Element]:
        data = frame.find("{*}graphic/{*}graphicData")
        inner = (
            next((child for child in data if isinstance(child.tag, str)), None) if data is not None else None
        )
        if inner is None:
            return
        at = self._locator(frame)
        kind = _tag(inner)
        if kind == "tbl":
            yield from filter(None, [_table(inner, at)])
        elif kind == "chart":
            yield from self._chart(inner, at)
        elif kind == "relIds":
            root = self._slide.part(_attribute(inner, "dm"))
            for text in charted.diagram(root) if root is not None else ():
                yield tidy.whole("list_item", text, at)
        elif next(frame.iter("{*}oleObj"), None) is not None:
            named = next(frame.iter("{*}oleObj")).get("progId", "")
            self.unread.append(f"slide {self._slide.number}: an embedded object ({tidy.flat(named)[:60]})")
            self._has_picture = True

    def _chart(self, node: Node, at: Locator) -> Iterator[Element]:
        root = self._slide.part(_attribute(node, "id"))
        if root is None:
            return
        read = charted.chart(root)
        if read.title and read.tables:
            yield tidy.whole("caption", f"Chart: {read.title}", at)
        for rows in read.tables:
            made = tidy.table([tidy.Row(row, at) for row in rows], 1)
            if made is not None:
                yield made


def _tag(node: Node) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def _attribute(node: Node, name: str) -> str:
    """Return an attribute by its name in whatever namespace of relationships."""
    return next((value for key, value in node.attrib.items() if key.endswith("}" + name)), "")


def _children(group: Node) -> Iterator[Node]:
    """Yield the shapes directly in a group; of alternatives the first that has any."""
    for node in group:
        tag = _tag(node)
        if tag == "AlternateContent":
            choices = ([inner for inner in choice if _tag(inner) in _SHAPES] for choice in node)
            yield from next(filter(None, choices), [])
        elif tag in _SHAPES:
            yield node


def _properties(shape: Node) -> Node | None:
    """Return a shape's name, alternative text and the like."""
    return next((node for child in shape for node in child.iterfind("{*}cNvPr")), None)


def _name(shape: Node) -> str:
    found = _properties(shape)
    return tidy.flat(found.get("name", ""))[:200] if found is not None else ""


def telling(text: str) -> str:
    """Return an alternative text, tidy; empty if it says nothing: a number, a file's name."""
    words = tidy.flat(_GENERATED.sub("", text))
    return "" if _EMPTY_WORDS.fullmatch(words) else words


def _alternative(shape: Node) -> str:
    found = _properties(shape)
    if found is None or any(node.get("val") in ("1", "true") for node in found.iter("{*}decorative")):
        return ""
    kept = list(dict.fromkeys(filter(None, (telling(found.get(key, "")) for key in ("descr", "title")))))
    said = ". ".join(kept)
    return "" if said == " ".join(flat_paragraphs(shape)) else said


def placeholder(shape: Node) -> Place | None:
    """Return which placeholder of the layout a shape fills; None if it stands for itself."""
    found = next((node for child in shape for node in child.iterfind("{*}nvPr/{*}ph")), None)
    return Place(found.get("type", "obj"), found.get("idx", "")) if found is not None else None


def _is_title(shape: Node) -> bool:
    place = placeholder(shape)
    return place is not None and place.kind in _TITLES and bool(flat_paragraphs(shape))


def _own_box(shape: Node) -> Box | None:
    paths = ("{*}spPr/{*}xfrm", "{*}grpSpPr/{*}xfrm", "{*}xfrm")
    frame = next((found for path in paths if (found := shape.find(path)) is not None), None)
    offset = frame.find("{*}off") if frame is not None else None
    extent = frame.find("{*}ext") if frame is not None else None
    if offset is None or extent is None:
        return None
    sizes = [offset.get("x", ""), offset.get("y", ""), extent.get("cx", ""), extent.get("cy", "")]
    if not all(re.fullmatch(r"-?[0-9]{1,15}", size) for size in sizes):
        return None
    x, y, width, height = map(float, sizes)
    return Box(x, y, x + max(width, 0), y + max(height, 0))


def words(paragraph: Node) -> str:
    """Return a paragraph's text; a break in it is a line end."""
    pieces = []
    for leaf in paragraph.iter("{*}t", "{*}br"):
        if _tag(leaf) == "br":
            pieces.append("\x1e")
        elif leaf.text and not any(_tag(above) == "Fallback" for above in leaf.iterancestors("{*}Fallback")):
            pieces.append(leaf.text)
    lines = "".join(pieces).replace("\x0b", "\x1e").split("\x1e")
    return "\n".join(filter(None, map(tidy.flat, lines)))


def flat_paragraphs(shape: Node) -> list[str]:
    """Return the texts of a shape's paragraphs that have any, each on one line."""
    texts = (tidy.flat(words(paragraph)) for paragraph in shape.iterfind("{*}txBody/{*}p"))
    return list(filter(None, texts))


def _level(paragraph: Node) -> int:
    found = paragraph.find("{*}pPr")
    level = found.get("lvl", "0") if found is not None else "0"
    return int(level) if re.fullmatch("[0-8]", level) else 0


def _bullet(paragraph: Node, level: int, styles: Iterable[Node]) -> Node | None:
    """Return what marks a paragraph, by itself or by the nearest style that says so."""
    own = [paragraph.find("{*}pPr"), *(style.find(f"{{*}}lvl{level + 1}pPr") for style in styles)]
    for source in own:
        for node in source if source is not None else ():
            if _tag(node) in _BULLETS:
                return node
    return None


def _start(bullet: Node) -> int:
    first = bullet.get("startAt", "1")
    return int(first) if re.fullmatch("[0-9]{1,5}", first) else 1


def _numeral(number: int, kind: str) -> str:
    """Write a number the way its kind says: ``arabicPeriod``, ``alphaLcParenR``, ``romanUcPeriod``."""
    text = str(number)
    if kind.startswith("alpha"):
        text = chr(97 + (number - 1) % 26) * ((number - 1) // 26 + 1)
    elif kind.startswith("roman"):
        text = _roman(number)
    text = text.upper() if "Uc" in kind else text
    if kind.endswith("ParenBoth"):
        return f"({text})"
    return text + (")" if kind.endswith("ParenR") else "" if kind.endswith("Plain") else ".")


def _roman(number: int) -> str:
    signs = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"))
    text = ""
    for value, sign in (*signs, (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")):
        count, number = divmod(number, value)
        text += sign * count
    return text


def _table(node: Node, at: Locator) -> Element | None:
    """Make a table; a cell that spans rows stands in each, one that spans columns in those of a header."""
    first = node.find("{*}tblPr")
    header = 1 if first is not None and first.get("firstRow") in ("1", "true") else 0
    trees = [list(row.iterfind("{*}tc")) for row in node.iterfind("{*}tr")]
    if header and len(trees) > 2 and any(cell.get("gridSpan", "1") != "1" for cell in trees[0]):
        header = 2
    rows: list[list[str]] = []
    for number, tree in enumerate(trees):
        row: list[str] = []
        for cell in tree:
            text = " ".join(flat_paragraphs(cell))
            if not text and cell.get("vMerge") in ("1", "true") and rows and len(row) < len(rows[-1]):
                text = rows[-1][len(row)]
            elif not text and cell.get("hMerge") in ("1", "true") and number < header and row:
                text = row[-1]
            row.append(text)
        rows.append(row)
    rows, header = tidy.mend(rows, header)
    return tidy.table([tidy.Row(row, at) for row in rows], header)
