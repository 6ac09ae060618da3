"""What a PDF holds beside its pages' text: values of forms, attached files, pages that are pictures."""

import io
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from cairn.adapters.parsers import pdf
from cairn.protocols import Container
from cairn.types import locate


@pytest.fixture
def form(tmp_path: Path) -> Path:
    path = tmp_path / "form.pdf"
    canvas = Canvas(str(path))
    canvas.drawString(72, 780, "Application for a mooring permit")
    form = canvas.acroForm
    form.textfield(name="boat", tooltip="Name of the boat", value="Kittiwake", x=72, y=700, width=200)
    form.textfield(name="owner", tooltip="Owner", value="", x=72, y=660, width=200)
    form.checkbox(name="engine", tooltip="Has an engine", checked=True, x=72, y=620)
    canvas.showPage()
    canvas.drawString(72, 780, "Second page of the application")
    canvas.save()
    return path


def test_filled_fields_are_read_where_they_stand(form: Path) -> None:
    document = pdf.load("").parse(form, "form.pdf")
    texts = [element.text for element in document.elements]
    assert "Name of the boat: Kittiwake" in texts and "Has an engine: yes" in texts
    assert not any(text.startswith("Owner") for text in texts)
    assert texts.index("Name of the boat: Kittiwake") < texts.index("Second page of the application")
    field = document.elements[texts.index("Name of the boat: Kittiwake")]
    (at,) = locate(field.anchors, 0, len(field.text))
    (box,) = at.boxes
    assert at.page == 1 and abs(box.x0 - 72) < 2 and abs(box.y1 - (841.9 - 700)) < 2


def test_attached_files_are_parts(form: Path, tmp_path: Path) -> None:
    document = pypdfium2.PdfDocument(form)
    document.new_attachment("tariff.csv").set_data(b"berth,price\nA,120\n")
    with_file = tmp_path / "with.pdf"
    document.save(with_file)
    document.close()
    parser = pdf.load("")
    assert isinstance(parser, Container)
    (part,) = parser.parts(with_file, "with.pdf")
    with parser.open(with_file, part.key) as file:
        assert part.name == "tariff.csv" and file.read() == b"berth,price\nA,120\n"


def test_pages_that_are_pictures_are_named(tmp_path: Path) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (200, 100), "white").save(picture, "PNG")
    path = tmp_path / "mixed.pdf"
    canvas = Canvas(str(path))
    for number in range(1, 6):
        if number in (2, 5):
            canvas.drawImage(ImageReader(picture), 72, 400)
        elif number != 4:  # which is blank, and lacks nothing
            canvas.drawString(72, 780, f"The harbour report, part {number}, with words on it.")
        canvas.showPage()
    canvas.save()
    document = pdf.load("").parse(path, "mixed.pdf")
    assert document.unread == ("pages without a text layer, which need OCR: 2, 5",)
