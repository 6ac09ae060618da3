"""Presentations: what stands on slides, in which order, and what hostile ones can do."""

import io
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from PIL import Image
from pptx import Presentation
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from cairn.adapters.parsers import arranged, charted, pptx, zipped
from cairn.errors import ParseFailed
from cairn.types import Box, Document, Element

P = "http://schemas.openxmlformats.org/presentationml/2006/main"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"


def parse(path: Path) -> Document:
    document = pptx.load("").parse(path, path.name)
    for element in document.elements:
        assert element.text.strip() and not re.search("[\x00-\x08\x0b-\x1f\x7f\xa0]", element.text)
        assert [a.start for a in element.anchors] == [0, *(a.end for a in element.anchors[:-1])]
        assert element.anchors[-1].end == len(element.text)
    return document


def reason(path: Path) -> str:
    with pytest.raises(ParseFailed) as caught:
        parse(path)
    return str(caught.value)


def built(path: Path, *layouts: int) -> tuple[Any, list[Any]]:
    deck = Presentation()
    return deck, [deck.slides.add_slide(deck.slide_layouts[layout]) for layout in layouts]


def texts(document: Document, slide: int) -> list[tuple[str, str]]:
    return [(e.kind, e.text) for e in document.elements if e.anchors[0].locator.slide == slide]


def box(slide: Any, text: str, x: float, y: float, width: float = 3, height: float = 1) -> Any:
    shape = slide.shapes.add_textbox(Inches(x), Inches(y), Inches(width), Inches(height))
    shape.text_frame.text = text
    return shape


def changed(path: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """Rewrite one member of the file."""
    with zipfile.ZipFile(path) as old:
        members = {item: old.read(item) for item in old.namelist()}
    members[name] = change(members[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for item, data in members.items():
            new.writestr(item, data)
    return path


def test_a_slide_is_a_heading_with_its_points(tmp_path: Path) -> None:
    deck, (title, points) = built(tmp_path, 0, 1)
    title.shapes.title.text = "Pump care\x0bin 2025"
    title.placeholders[1].text = "Ann Lee"
    points.shapes.title.text = "Intervals"
    frame = points.placeholders[1].text_frame
    frame.text = "Take the valve out"
    deeper = frame.add_paragraph()
    deeper.text, deeper.level = "and clean it", 1
    points.notes_slide.notes_text_frame.text = "Say why.\nShow the book."
    deck.core_properties.title, deck.core_properties.author = "", "Ann Lee"
    deck.core_properties.keywords = "pumps; water"
    deck.save(tmp_path / "a.pptx")
    document = parse(tmp_path / "a.pptx")
    assert document.title == "Pump care in 2025" and document.pages == 2
    assert document.metadata["author"] == "Ann Lee" and document.metadata["tags"] == "pumps, water"
    assert texts(document, 1) == [("heading", "Pump care in 2025"), ("paragraph", "Ann Lee")]
    assert texts(document, 2) == [
        ("heading", "Intervals"),
        ("list_item", "Take the valve out"),
        ("list_item", "and clean it"),
        ("paragraph", "Say why."),
        ("paragraph", "Show the book."),
    ]
    point, note = document.elements[3].anchors[0].locator, document.elements[-1].anchors[0].locator
    assert (point.slide, point.shape, point.heading) == (2, "Content Placeholder 2", ("Intervals",))
    assert (note.slide, note.shape, note.heading) == (2, "notes", ("Intervals",))


def test_slides_come_in_the_order_they_are_shown_hidden_ones_too(tmp_path: Path) -> None:
    deck, slides = built(tmp_path, 5, 5, 6)
    slides[0].shapes.title.text, slides[1].shapes.title.text = "Written first", "Written second"
    slides[1]._element.set("show", "0")
    box(slides[2], "Words without a title", 1, 1)
    order = deck.slides._sldIdLst
    order.insert(0, order[1])
    deck.save(tmp_path / "a.pptx")
    headings = [e.text for e in parse(tmp_path / "a.pptx").elements if e.kind == "heading"]
    assert headings == ["Written second", "Written first", "Slide 3"]


def test_shapes_are_read_as_they_lie(tmp_path: Path) -> None:
    """Two columns of boxes, drawn in no order, a group among them."""
    deck, (slide,) = built(tmp_path, 5)
    slide.shapes.title.text = "Columns"
    for text, x, y in (("right below", 5.5, 3), ("left below", 0.5, 3), ("right above", 5.5, 1.7)):
        box(slide, text, x, y)
    group = slide.shapes.add_group_shape()
    for text, y in (("left, second", 2.2), ("left, first", 1.7)):
        box(type("", (), {"shapes": group.shapes}), text, 0.5, y, 3, 0.4)
    deck.save(tmp_path / "a.pptx")
    said = [text for _, text in texts(parse(tmp_path / "a.pptx"), 1)]
    assert said == ["Columns", "left, first", "left, second", "left below", "right above", "right below"]


def test_tables_repeat_merged_headers(tmp_path: Path) -> None:
    deck, (slide,) = built(tmp_path, 5)
    table = slide.shapes.add_table(4, 3, Inches(1), Inches(2), Inches(6), Inches(2)).table
    rows = [["Part", "Price", ""], ["", "2024", "2025"], ["Valve", "12.50", "13.00"], ["", "3", "4"]]
    for at, row in enumerate(rows):
        for column, text in enumerate(row):
            table.cell(at, column).text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(2, 0).merge(table.cell(3, 0))
    deck.save(tmp_path / "a.pptx")
    (made,) = [e for e in parse(tmp_path / "a.pptx").elements if e.kind == "table"]
    assert made.text == "Part | Price | Price\n | 2024 | 2025\nValve | 12.50 | 13.00\nValve | 3 | 4"
    assert made.header == 2 and len(made.anchors) == 4


def test_charts_give_their_values_as_shown(tmp_path: Path) -> None:
    deck, (slide, other) = built(tmp_path, 5, 6)
    slide.shapes.title.text = "Costs"
    data = CategoryChartData(number_format="0.0%")
    data.categories = ["Staff", "Heat"]
    data.add_series("2024", (0.125, 0.5))
    data.add_series("2025", (0.25, None))
    where = (Inches(1), Inches(2), Inches(5), Inches(3))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *where, data).chart
    chart.has_title, chart.chart_title.text_frame.text = True, "Share of costs"
    chart.value_axis.has_title, chart.value_axis.axis_title.text_frame.text = True, "per cent"
    points = XyChartData()
    series = points.add_series("Flow")
    series.add_data_point(1.5, 20)
    series.add_data_point(2, 40)
    other.shapes.add_chart(XL_CHART_TYPE.XY_SCATTER, *where, points)
    deck.save(tmp_path / "a.pptx")
    document = parse(tmp_path / "a.pptx")
    assert texts(document, 1)[1:] == [
        ("caption", "Chart: Share of costs, per cent"),
        ("table", " | 2024 | 2025\nStaff | 12.5% | 25.0%\nHeat | 50.0%"),
    ]
    assert texts(document, 2)[1:] == [("table", " | Flow\n1.5 | 20\n2 | 40")]
    assert document.elements[2].anchors[0].locator.shape.startswith("Chart")


def test_alternative_texts_become_captions(tmp_path: Path) -> None:
    deck, (slide,) = built(tmp_path, 5)
    slide.shapes.title.text = "Pictures"
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    for text in ("A pump house in winter", "pump.png", ""):
        picture.seek(0)
        shape = slide.shapes.add_picture(picture, Inches(1), Inches(2))
        shape._element.nvPicPr.cNvPr.set("descr", text)
    deck.save(tmp_path / "a.pptx")
    captions = [text for kind, text in texts(parse(tmp_path / "a.pptx"), 1) if kind == "caption"]
    assert captions == ["Figure: A pump house in winter"]


def test_slides_of_pictures_need_ocr(tmp_path: Path) -> None:
    deck, (slide, words) = built(tmp_path, 6, 6)
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    slide.shapes.add_picture(picture, Inches(1), Inches(2))
    deck.save(tmp_path / "a.pptx")
    assert reason(tmp_path / "a.pptx") == "needs OCR: its slides are pictures"
    box(words, "words", 1, 1)
    deck.save(tmp_path / "a.pptx")
    assert parse(tmp_path / "a.pptx").unread == ("slide 1 needs OCR",)


def test_numbered_points_keep_their_numbers_and_running_lines_go(tmp_path: Path) -> None:
    deck, (slide,) = built(tmp_path, 1)
    slide.shapes.title.text = "Steps"
    frame = slide.placeholders[1].text_frame
    frame.text = "Open"
    for text in ("Clean", "Close"):
        frame.add_paragraph().text = text
    for paragraph in frame.paragraphs:
        bullet = etree.SubElement(paragraph._p.get_or_add_pPr(), f"{{{A}}}buAutoNum")
        bullet.set("type", "romanLcParenR")
        bullet.set("startAt", "3")
    number = box(slide, "17", 8, 7)
    place = etree.SubElement(number._element.nvSpPr.nvPr, f"{{{P}}}ph")
    place.set("type", "sldNum")
    deck.save(tmp_path / "a.pptx")
    said = [text for _, text in texts(parse(tmp_path / "a.pptx"), 1)]
    assert said == ["Steps", "iii) Open", "iv) Clean", "v) Close"]


def test_diagrams_are_read_from_the_top_and_never_in_a_circle() -> None:
    def point(key: str, text: str, kind: str = "node") -> str:
        words = f'<a:p xmlns:a="{A}"><a:r><a:t>{text}</a:t></a:r></a:p>'
        return f'<pt modelId="{key}" type="{kind}"><t>{words}</t></pt>'

    boxes = point("b", "Below") + point("t", "Top") + point("0", "", "doc") + point("p", "x", "pres")
    links = '<cxn srcId="0" destId="t" srcOrd="0"/><cxn srcId="t" destId="b"/><cxn srcId="b" destId="t"/>'
    root = zipped.xml(f"<dataModel>{boxes}{links}</dataModel>".encode(), "data1.xml")
    assert list(charted.diagram(root)) == ["Top", "Below"]


def test_reading_order_of_boxes() -> None:
    wide, left, right, low = Box(0, 0, 10, 2), Box(0, 3, 4, 8), Box(6, 3, 10, 5), Box(6, 5.2, 10, 8)
    assert arranged.order([low, None, right, wide, left]) == [3, 4, 2, 0, 1]
    assert arranged.order([]) == []


def test_files_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    deck, (slide,) = built(tmp_path, 5)
    slide.shapes.title.text = "Whole"
    whole = tmp_path / "a.pptx"
    deck.save(whole)
    data = whole.read_bytes()
    cut = tmp_path / "cut.pptx"
    cut.write_bytes(data[: len(data) // 2])
    assert reason(cut).startswith("it is damaged")
    cut.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"))
    assert reason(cut) == "it is protected by a password"
    cut.write_bytes(b"")
    assert reason(cut) == "empty file"
    built(tmp_path)[0].save(cut)
    assert reason(cut) == "it is damaged: there are no slides in it"
    changed(whole, "ppt/slides/slide1.xml", lambda _: b"no xml")
    assert reason(whole).startswith("it is damaged: ppt/slides/slide1.xml")


def test_entities_and_depth_do_nothing(tmp_path: Path) -> None:
    deck, (first, second) = built(tmp_path, 5, 5)
    first.shapes.title.text, second.shapes.title.text = "Bomb", "Neighbour"
    deck.save(tmp_path / "a.pptx")
    bomb = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'

    def armed(data: bytes) -> bytes:
        start = data.index(b"<p:sld")
        return data[:start] + bomb + data[start:].replace(b">Bomb<", b">Bomb &b;&f;<")

    changed(tmp_path / "a.pptx", "ppt/slides/slide1.xml", armed)
    said = " ".join(e.text for e in parse(tmp_path / "a.pptx").elements)
    assert "Neighbour" in said and "haha" not in said and "root" not in said
    deep = b"<p:grpSp>" * 100_000
    changed(tmp_path / "a.pptx", "ppt/slides/slide1.xml", lambda d: d.replace(b"<p:sp>", deep + b"<p:sp>", 1))
    assert "Neighbour" in [e.text for e in parse(tmp_path / "a.pptx").elements]


def test_flipped_bits_raise_nothing_else(tmp_path: Path) -> None:
    deck, (slide, other) = built(tmp_path, 1, 5)
    slide.shapes.title.text, slide.placeholders[1].text = "Whole", "and sound"
    other.shapes.add_table(2, 2, 0, 0, Inches(3), Inches(1)).table.cell(0, 0).text = "cell"
    whole = tmp_path / "a.pptx"
    deck.save(whole)
    with zipfile.ZipFile(whole) as archive:
        plain = {name: archive.read(name) for name in archive.namelist()}
    chance = random.Random(7)
    parts = [name for name in plain if re.search(r"slides/|presentation\.xml|layout2", name)]
    for _ in range(60):
        name = chance.choice(parts)
        data = bytearray(plain[name])
        for _ in range(20):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        changed_path = tmp_path / "b.pptx"
        with zipfile.ZipFile(changed_path, "w") as archive:
            for other_name, content in plain.items():
                archive.writestr(other_name, bytes(data) if other_name == name else content)
        try:
            elements: tuple[Element, ...] = parse(changed_path).elements
        except ParseFailed:
            continue
        assert elements
