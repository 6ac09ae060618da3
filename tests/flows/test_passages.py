"""Packing, on documents hypothesis makes and on ones made to be awkward."""

from hypothesis import given
from hypothesis import strategies as st

from cairn import registry
from cairn.flows.ingest.passages import TINY, Packer
from cairn.types import Anchor, Document, Element, Locator, Passage

LIMIT = 60


def count(texts: list[str] | tuple[str, ...]) -> list[int]:
    return [len(text.split()) for text in texts]


def pack(*elements: Element, title: str = "Title", limit: int = LIMIT) -> list[Passage]:
    packer = Packer(count, registry.load("splitters", "semchunk"), tokens=limit)  # type: ignore[arg-type]
    return packer.pack(Document(title=title, elements=elements))


def element(text: str, kind: str = "paragraph", page: int = 1, level: int = 0, header: int = 0) -> Element:
    anchors, start = [], 0
    for number, line in enumerate(text.split("\n")):
        last = start + len(line) == len(text)
        locator = Locator(page=page, lines=(number + 1, number + 1))
        anchors.append(Anchor(start, start + len(line) + (0 if last else 1), locator))
        start += len(line) + 1
    return Element(kind=kind, text=text, anchors=tuple(anchors), level=level, header=header)  # type: ignore[arg-type]


def words(n: int, word: str = "word") -> str:
    return " ".join(f"{word}{i}" for i in range(n))


WORDS = st.lists(st.sampled_from(["alpha", "beta", "gamma", "x1", "12.5"]), min_size=1, max_size=150).map(
    " ".join
)
ROWS = st.lists(st.lists(WORDS, min_size=2, max_size=3).map(" | ".join), min_size=1, max_size=12).map(
    "\n".join
)
ELEMENTS = st.one_of(
    st.builds(element, WORDS, page=st.integers(1, 3)),
    st.builds(element, WORDS, kind=st.just("heading"), level=st.integers(1, 4)),
    st.builds(element, ROWS, kind=st.just("table"), header=st.integers(0, 1)),
)


@given(st.lists(ELEMENTS, max_size=10))
def test_nothing_is_lost_and_anchors_lead_back(elements: list[Element]) -> None:
    passages = pack(*elements)
    packed = [word for passage in passages for word in passage.text.split()]
    original = [word for element in elements for word in element.text.split()]
    repeats = any(element.header for element in elements)
    assert packed == original if not repeats else set(packed) == set(original)
    for passage in passages:
        assert passage.text.strip()
        ends = [anchor.end for anchor in passage.anchors]
        assert [a.start for a in passage.anchors] == sorted(a.start for a in passage.anchors)
        assert all(0 <= a.start < a.end <= len(passage.text) for a in passage.anchors)
        covered = set().union(*(range(a.start, a.end) for a in passage.anchors)) if ends else set()
        assert all(i in covered for i, c in enumerate(passage.text) if not c.isspace())


@given(st.lists(st.builds(element, WORDS, page=st.integers(1, 3)), max_size=10))
def test_no_passage_of_prose_is_too_long(elements: list[Element]) -> None:
    for passage in pack(*elements):
        assert count([passage.text])[0] <= LIMIT + TINY


def test_pages_are_kept_apart_unless_tiny() -> None:
    apart = pack(element(words(50), page=1), element(words(50), page=2), limit=200)
    together = pack(element(words(5), page=1), element(words(50), page=2), limit=200)
    assert len(apart) == 2 and len(together) == 1


def test_a_heading_goes_with_what_follows_it() -> None:
    heading = element("Costs", kind="heading", level=3)
    first, second = pack(element(words(50)), heading, element(words(50)))
    assert "Costs" not in first.text and second.text.startswith("Costs\n")


def test_context_is_title_and_headings_without_repeating_itself() -> None:
    top = element("Title", kind="heading", level=1)
    below = element("Costs of  travel", kind="heading", level=2)
    (passage,) = pack(top, below, element(words(5)))
    assert passage.context == "Title > Costs of travel"


def test_a_long_table_is_split_between_rows_under_its_header() -> None:
    rows = "\n".join(f"row{i} | {words(4, 'v')} {i}" for i in range(40))
    passages = pack(element(f"name | value\n{rows}", kind="table", header=1))
    assert len(passages) > 2
    assert all(passage.text.startswith("name | value\n") and passage.kind == "table" for passage in passages)
    assert sum(passage.text.count("row") for passage in passages) == 40
    assert [anchor.kind for anchor in passages[1].anchors][:2] == ["header", "table"]


def test_a_table_that_fits_is_whole() -> None:
    (passage,) = pack(element("a | b\n1 | 2\n3 | 4", kind="table", header=1))
    assert passage.text == "a | b\n1 | 2\n3 | 4"


def test_a_paragraph_broken_over_lines_is_one_line() -> None:
    (passage,) = pack(element("It began in\nspring."))
    assert passage.text == "It began in spring."


def test_one_line_of_many_megabytes_is_cut_in_time() -> None:
    passages = pack(element(words(300_000)), limit=400)
    assert sum(len(passage.text.split()) for passage in passages) == 300_000


def test_every_part_of_a_table_has_its_caption_and_header() -> None:
    rows = "\n".join(["Berth | Price", *(f"Berth {n} | {n * 10} a night" for n in range(60))])
    passages = pack(
        element(words(50)),
        element("Table 3: Harbour dues", kind="caption"),
        element(rows, kind="table", header=1),
    )
    parts = [passage for passage in passages if passage.kind == "table"]
    assert len(parts) > 3
    assert all(part.text.startswith("Table 3: Harbour dues\nBerth | Price\n") for part in parts)
    assert "harbour dues" not in passages[0].text.casefold()


def test_a_quoted_reply_is_kept_apart() -> None:
    passages = pack(
        element("Yes, agreed."), element("Shall we open at nine?", kind="quote"), element("Kind regards")
    )
    assert [passage.text for passage in passages] == [
        "Yes, agreed.",
        "Shall we open at nine?",
        "Kind regards",
    ]


def test_a_footnote_stays_with_what_refers_to_it() -> None:
    passages = pack(
        element(words(LIMIT - 2)), element("1 Without the annex.", kind="footnote"), element(words(50))
    )
    assert passages[0].text.endswith("1 Without the annex.")


def test_slides_and_sheets_are_kept_apart_like_pages() -> None:
    def on(slide: int) -> Element:
        text = words(TINY + 2, f"slide{slide}x")
        return Element(kind="paragraph", text=text, anchors=(Anchor(0, len(text), Locator(slide=slide)),))

    assert len(pack(on(1), on(2), limit=200)) == 2
