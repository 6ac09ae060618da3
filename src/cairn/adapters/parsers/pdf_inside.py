"""What a PDF holds beside its pages' text: values of its forms, attached files, pages that are pictures.

By PDFium, built without JavaScript: nothing in a form is run.
"""

import ctypes
import io
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

import pypdfium2.raw as raw  # type: ignore[import-untyped]
from pypdfium2 import PdfDocument, PdfiumError, PdfPage

from cairn.adapters.parsers import tidy
from cairn.adapters.parsers.pdfium import open_pdf, view_of
from cairn.errors import ParseFailed
from cairn.types import Element, Locator, Part

_SHOWN = {raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX}
_TICKED = {raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON}
_MOST_FIELDS = 20_000


def fields(path: Path) -> list[Element]:
    """Return the filled-in fields of a form as ``name: value``, with page and box, in page order."""
    with closing(open_pdf(path)) as document:
        if document.get_formtype() == raw.FORMTYPE_NONE:
            return []
        document.init_forms()
        found: list[Element] = []
        for number in range(len(document)):
            with closing(document[number]) as page:
                found += _fields(document.formenv.raw, page, number + 1)
            if len(found) > _MOST_FIELDS:
                break
        return found


def _fields(form: Any, page: PdfPage, number: int) -> Iterator[Element]:
    view = view_of(page)
    for at in range(min(raw.FPDFPage_GetAnnotCount(page), _MOST_FIELDS)):
        annotation = raw.FPDFPage_GetAnnot(page, at)
        if not annotation:
            continue
        try:
            text = _said(form, annotation)
            rect = raw.FS_RECTF()
            if text and raw.FPDFAnnot_GetRect(annotation, ctypes.byref(rect)):
                box = view.box(rect.left, rect.bottom, rect.right, rect.top)
                yield tidy.whole("paragraph", text, Locator(page=number, boxes=(box,)))
        finally:
            raw.FPDFPage_CloseAnnot(annotation)


def _said(form: Any, annotation: Any) -> str:
    """Return what a field says; empty for one that is not filled in, or is no field."""
    if raw.FPDFAnnot_GetSubtype(annotation) != raw.FPDF_ANNOT_WIDGET:
        return ""
    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    value = _text(raw.FPDFAnnot_GetFormFieldValue, form, annotation)
    if kind in _TICKED:
        value = "yes" if raw.FPDFAnnot_IsChecked(form, annotation) else ""
    elif kind not in _SHOWN:
        value = ""
    label = _text(raw.FPDFAnnot_GetFormFieldAlternateName, form, annotation)
    name = label if label else _text(raw.FPDFAnnot_GetFormFieldName, form, annotation)
    return tidy.flat(f"{name}: {value}") if value.strip() else ""


def _text(read: Callable[..., int], form: Any, annotation: Any) -> str:
    """Call one of PDFium's functions that fill a buffer with UTF-16 and tell how long it is."""
    size = read(form, annotation, None, 0)
    if not 2 < size < 2_000_000:
        return ""
    buffer = ctypes.create_string_buffer(size)
    read(form, annotation, ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace")


def pictures(path: Path, pages: Collection[int]) -> list[int]:
    """Return those of the pages, by number, that show a picture."""
    with closing(open_pdf(path)) as document:
        return [number for number in sorted(pages) if _is_picture(document, number)]


def _is_picture(document: PdfDocument, number: int) -> bool:
    try:
        with closing(document[number - 1]) as page:
            return next(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3), None) is not None
    except PdfiumError:
        return False


def attached(path: Path) -> Iterator[Part]:
    """Yield the files attached to a PDF."""
    with closing(open_pdf(path)) as document:
        for number in range(document.count_attachments()):
            try:
                name = document.get_attachment(number).get_name()
            except PdfiumError:
                name = ""
            yield Part(name=name if name else f"attachment-{number + 1}.bin", key=str(number))


def attachment(path: Path, key: str) -> BinaryIO:
    """Return the bytes of one attached file; raises ParseFailed."""
    with closing(open_pdf(path)) as document:
        try:
            return io.BytesIO(bytes(document.get_attachment(int(key)).get_data()))
        except PdfiumError as error:
            raise ParseFailed(f"it is damaged: {error}") from error
