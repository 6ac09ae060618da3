"""Rich text, as old word processors save it: in ASCII, everything else escaped."""

from .source import Block, Source, parse, runs


def escaped(text: str) -> str:
    """Write a text in ASCII with the escapes of RTF."""
    marked = text.replace("\\", "\\\\").replace("{", "\\{").replace("}", "\\}")
    return "".join(c if ord(c) < 128 else f"\\u{ord(c)}?" for c in marked)


def group(*parts: str) -> str:
    """Return an RTF group."""
    return "{" + "".join(parts) + "}"


def say(text: str, look: str = "") -> str:
    """Return a text with its inline marks, the plain parts in one look."""
    pairs = ((escaped(words), own or look) for words, own in runs(text))
    return "".join(group(f"\\{own} ", words) if own else words for words, own in pairs)


def row(cells: list[str], look: str) -> str:
    """Return one row of a table, its columns of equal width."""
    edges = "".join(f"\\cellx{9000 * number // len(cells)}" for number in range(1, len(cells) + 1))
    texts = "".join(f"\\intbl {say(cell, look)}\\cell" for cell in cells)
    return f"\\trowd\\trgaph108{edges}\n{texts}\\row\n"


def rendered(block: Block) -> str:
    """Return one block."""
    if block.kind == "heading":
        words = group("\\b\\fs28 ", escaped(block.text))
        return f"\\pard\\sb240\\sa120\\outlinelevel{block.level - 2}{words}\\par\n"
    if block.kind == "table":
        rows = (row(cells, "" if index else "b") for index, cells in enumerate(block.rows))
        return "".join(rows) + "\\pard\\par\n"
    if block.items:
        numbers = block.kind == "numbers"
        points = (f"{number}." if numbers else "\\bullet" for number in range(1, len(block.items) + 1))
        pairs = zip(points, block.items, strict=True)
        return "".join(f"\\pard\\fi-360\\li360 {point}\\tab {say(item)}\\par\n" for point, item in pairs)
    return f"\\pard\\sa120 {say(block.text)}\\par\n"


def to_rtf(source: Source) -> str:
    """Render a source as rich text."""
    day, name = source.day, escaped(source.head["title"])
    when = f"\\creatim\\yr{day.year}\\mo{day.month}\\dy{day.day}\\hr{day.hour}"
    facts = group("\\title ", name) + group("\\author ", escaped(source.issuer)) + group(when)
    info = group("\\info", facts)
    fonts = group("\\fonttbl", group("\\f0\\fswiss Arial;"))
    opening = f"\\rtf1\\ansi\\ansicpg1252\\deff0{fonts}\n{info}\n\\fs22\n"
    lines = (f"\\pard {say(label + ':', 'b')} {escaped(value)}\\par\n" for label, value in source.meta())
    title = "\\pard\\sa240" + group("\\b\\fs36 ", name) + "\\par\n"
    return group(opening, title, *lines, *map(rendered, parse(source.body))) + "\n"
