"""Write the shared drive of the fictional Talvern Regional Health Authority as real files.

Usage: ``python examples/organisation/generate.py OUT_DIR``

Every text lives under ``content/``: a small header (``path``, ``format``, ``title`` and so on), a line
``---``, and a body in a small Markdown. This program expands the body's directives and renders each
text to its target format: Markdown, plain text, HTML or PDF. Two runs write the same bytes.

Directives: ``{{table:NAME}}`` puts in a table computed from a fixed seed, ``{{value:NAME}}`` a figure
taken from such a table, ``{{chart:NAME}}`` a bar chart (PDF only) and ``{{pagebreak}}`` a new page.
"""

from __future__ import annotations

import datetime
import html
import random
import re
import string
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.shapes import Drawing, String
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.enums import TA_JUSTIFY, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    HRFlowable,
    KeepTogether,
    ListFlowable,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)
from reportlab.platypus.tableofcontents import TableOfContents

HERE = Path(__file__).resolve().parent
CONTENT = HERE / "content"
AUTHORITY = "Talvern Regional Health Authority"
MARGIN = 22 * mm
WIDTH = A4[0] - 2 * MARGIN
LONG_TABLE = 16  # a table with fewer rows stays on one page

LABELS: dict[str, dict[str, str]] = {
    "en": {"ref": "Reference", "date": "Date", "owner": "Owner", "status": "Status", "toc": "Contents"},
    "de": {"ref": "Aktenzeichen", "date": "Stand", "owner": "Zuständig", "status": "Status", "toc": "Inhalt"},
    "fr": {"ref": "Référence", "date": "Date", "owner": "Responsable", "status": "Statut", "toc": "Sommaire"},
    "ja": {"ref": "文書番号", "date": "日付", "owner": "担当", "status": "区分", "toc": "目次"},
}
PAGE_OF = {"en": "Page {} of {}", "de": "Seite {} von {}", "fr": "Page {} sur {}"}
THEMES: dict[str, tuple[str, bool]] = {
    "report": ("#1f5673", False),
    "board": ("#3d3560", True),
    "finance": ("#1e5b45", False),
    "contract": ("#333333", True),
    "climate": ("#a3481c", False),
    "policy": ("#274b8f", False),
    "audit": ("#6b2334", False),
}


# --- Source texts ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """One text of the organisation: its header and its body with the directives expanded."""

    head: dict[str, str]
    body: str

    @property
    def lang(self) -> str:
        """Return the language the text is written in."""
        return self.head.get("lang", "en")

    def meta(self) -> list[tuple[str, str]]:
        """Return the labelled lines that stand under the title."""
        labels = LABELS[self.lang]
        return [
            (labels[key], self.head[key]) for key in ("ref", "date", "owner", "status") if key in self.head
        ]


@dataclass
class Block:
    """One block of a body: a heading, a paragraph, a list, a table, a note or a directive."""

    kind: str
    text: str = ""
    level: int = 0
    items: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)


def read_source(path: Path) -> Source:
    """Read one source file: header lines up to ``---``, then the body."""
    head_text, _, body = path.read_text(encoding="utf-8").partition("\n---\n")
    pairs = (line.partition(":") for line in head_text.splitlines() if line.strip())
    head = {key.strip(): value.strip() for key, _, value in pairs}
    return Source(head, expand(body.strip("\n")) + "\n")


def expand(body: str) -> str:
    """Replace the table and value directives of a body by what they stand for."""
    body = re.sub(r"\{\{table:([\w-]+)\}\}", lambda match: as_pipes(TABLES[match[1]]()), body)
    return re.sub(r"\{\{value:([\w-]+)\}\}", lambda match: values()[match[1]], body)


def as_pipes(rows: list[list[str]]) -> str:
    """Write rows as a pipe table, numeric columns aligned to the right."""
    rule = ["---:" if re.fullmatch(r"[\d,.\s%-]+", cell) else "---" for cell in rows[1]]
    return "\n".join("| " + " | ".join(row) + " |" for row in [rows[0], rule, *rows[1:]])


def parse(body: str) -> Iterator[Block]:
    """Split a body into its blocks."""
    for chunk in re.split(r"\n\s*\n", body.strip("\n")):
        lines = chunk.splitlines()
        heading = re.match(r"(#+) (.*)", lines[0])
        if heading:
            yield Block("heading", heading[2], level=len(heading[1]))
            lines = lines[1:]
        if lines:
            yield parse_lines(lines)


def parse_lines(lines: list[str]) -> Block:
    """Turn the lines of one chunk that is no heading into a block."""
    first = lines[0]
    directive = re.fullmatch(r"\{\{([\w:-]+)\}\}", first)
    if directive:
        return Block("directive", directive[1])
    if first.startswith("|"):
        cells = [[cell.strip() for cell in line.strip()[1:-1].split("|")] for line in lines]
        return Block("table", rows=[cells[0], *cells[2:]], right=[rule.endswith(":") for rule in cells[1]])
    if first.startswith("> "):
        return Block("note", " ".join(line.removeprefix(">").strip() for line in lines))
    if re.match(r"(- |\d+\. )", first):
        kind = "bullets" if first.startswith("- ") else "numbers"
        return Block(kind, items=list_items(lines))
    return Block("paragraph", "\n".join(lines))


def list_items(lines: list[str]) -> list[str]:
    """Gather the items of a list, joining continuation lines to their item."""
    items: list[str] = []
    for line in lines:
        start = re.match(r"(- |\d+\. )(.*)", line)
        if start:
            items.append(start[2])
        else:
            items[-1] += " " + line.strip()
    return items


# --- Computed tables ---------------------------------------------------------------------------------

DISTRICTS = {
    "Brackmere": 214_300,
    "Ostrel": 96_800,
    "Lindhollow": 71_450,
    "Morvane": 58_200,
    "Sankt Alder": 43_900,
    "Valcombe": 37_350,
}
HEAT_WEEKS = {24: 3.1, 25: 4.6, 26: 7.9, 27: 12.4, 28: 24.8, 29: 15.3, 30: 31.6, 31: 16.2, 32: 8.4, 33: 4.2}
HEAT_HEAD = [
    "Week",
    "Week ending",
    "District",
    "Max temp (°C)",
    "All ED visits",
    "Heat-related",
    "Admitted",
    "Deaths",
]


def thousands(number: int) -> str:
    """Write a whole number with commas."""
    return f"{number:,}"


def spread(rng: random.Random, low: float, high: float) -> float:
    """Draw a number between two bounds."""
    return low + (high - low) * rng.random()


def pick(rng: random.Random, options: list[str]) -> str:
    """Draw one of several strings."""
    return options[int(rng.random() * len(options))]


@dataclass(frozen=True)
class HeatRow:
    """Heat-related use of the emergency departments in one district and week."""

    week: int
    district: str
    temperature: float
    visits: int
    heat: int
    admitted: int
    deaths: int


@cache
def heat_rows() -> list[HeatRow]:
    """Compute the weekly heat surveillance of summer 2025, ten weeks by six districts."""
    rng = random.Random(2025)
    rows = []
    for week, rate in HEAT_WEEKS.items():
        for district, people in DISTRICTS.items():
            heat = round(
                rate * people / 100_000 * spread(rng, 0.8, 1.25) * (1.2 if district == "Ostrel" else 1)
            )
            temperature = round(25.5 + rate * 0.37 + spread(rng, -1.2, 1.2), 1)
            visits = round(people / 210 * spread(rng, 0.93, 1.07)) + heat
            admitted = round(heat * spread(rng, 0.16, 0.3))
            deaths = int(admitted * spread(rng, 0.0, 0.32))
            rows.append(HeatRow(week, district, temperature, visits, heat, admitted, deaths))
    return rows


def week_ending(week: int, year: int = 2025) -> str:
    """Return the Sunday that ends an ISO week."""
    return datetime.date.fromisocalendar(year, week, 7).strftime("%d %b %Y")


def heat_sums(rows: list[HeatRow]) -> list[str]:
    """Return the four counts of some rows, summed."""
    columns = (
        [r.visits for r in rows],
        [r.heat for r in rows],
        [r.admitted for r in rows],
        [r.deaths for r in rows],
    )
    return [thousands(sum(column)) for column in columns]


def heat_table() -> list[list[str]]:
    """Return the sixty rows of the weekly heat table and their total."""
    table = [HEAT_HEAD]
    for r in heat_rows():
        counts = [thousands(number) for number in (r.visits, r.heat, r.admitted, r.deaths)]
        table.append([f"W{r.week}", week_ending(r.week), r.district, f"{r.temperature:.1f}", *counts])
    return [*table, ["Total", "", "", "", *heat_sums(heat_rows())]]


def heat_by_district() -> list[list[str]]:
    """Return the summer's counts by district, with the rate for 100,000 people."""
    table = [
        [
            "District",
            "Population",
            "All ED visits",
            "Heat-related",
            "Admitted",
            "Deaths",
            "Heat-related per 100,000",
        ]
    ]
    for district, people in DISTRICTS.items():
        rows = [r for r in heat_rows() if r.district == district]
        rate = sum(r.heat for r in rows) / people * 100_000
        table.append([district, thousands(people), *heat_sums(rows), f"{rate:.1f}"])
    people = sum(DISTRICTS.values())
    rate = sum(r.heat for r in heat_rows()) / people * 100_000
    return [*table, ["Total", thousands(people), *heat_sums(heat_rows()), f"{rate:.1f}"]]


def heat_by_week() -> list[list[str]]:
    """Return the region's counts by week."""
    table = [["Week", "Week ending", "All ED visits", "Heat-related", "Admitted", "Deaths"]]
    for week in HEAT_WEEKS:
        table.append([f"W{week}", week_ending(week), *heat_sums([r for r in heat_rows() if r.week == week])])
    return [*table, ["Total", "", *heat_sums(heat_rows())]]


@cache
def respiratory_table() -> list[list[str]]:
    """Return the 26 weeks of the 2024/25 respiratory season."""
    rng = random.Random(4024)
    table = [
        [
            "Week",
            "ILI per 100,000",
            "Samples",
            "Influenza A",
            "Influenza B",
            "RSV",
            "Positive (%)",
            "Admissions",
        ]
    ]
    sums = [0] * 5
    for index in range(26):
        year, week = (2024, 40 + index) if index < 13 else (2025, index - 12)
        peak = 2.718 ** (-(((index - 16) / 4.6) ** 2))
        rsv_peak = 2.718 ** (-(((index - 9) / 3.8) ** 2))
        samples = round(140 + 420 * peak + spread(rng, -15, 15))
        flu_a = round(samples * 0.31 * peak * spread(rng, 0.9, 1.1))
        flu_b = round(samples * 0.14 * 2.718 ** (-(((index - 21) / 4) ** 2)) * spread(rng, 0.85, 1.1))
        rsv = round(samples * 0.17 * rsv_peak * spread(rng, 0.9, 1.1))
        admitted = round((flu_a + flu_b + rsv) * spread(rng, 0.24, 0.33))
        counts = [samples, flu_a, flu_b, rsv, admitted]
        sums = [total + count for total, count in zip(sums, counts, strict=True)]
        share = 100 * (flu_a + flu_b + rsv) / samples
        ili = 18 + 171 * peak + spread(rng, -3, 3)
        row = [
            f"{year}-W{week:02d}",
            f"{ili:.1f}",
            *map(thousands, counts[:4]),
            f"{share:.1f}",
            thousands(admitted),
        ]
        table.append(row)
    share = 100 * sum(sums[1:4]) / sums[0]
    return [*table, ["Total", "-", *map(thousands, sums[:4]), f"{share:.1f}", thousands(sums[4])]]


SUPPLIERS = [
    "Brackmere Power|Electricity, hospital sites|Estates|58000|121000",
    "Ostrel Harbour Laundry|Linen service|Hospital and clinical commissioning|14200|26800",
    "Fenwright Pharma|Medicines, framework lot 2|Hospital and clinical commissioning|88000|310000",
    "Morvane Ambulance Trust|Non-emergency transport|Primary and community care|36000|74000",
    "Silverlode Laboratories|Reference microbiology|Public health and surveillance|12500|39000",
    "Tarn & Pike Solicitors|Legal advice|Corporate and governance|10400|22600",
    "Greywater Consulting|Estates condition survey|Estates|15500|27500",
    "Alder Printworks|Leaflets and signage|Climate and heat-health|10100|15900",
    "Cobalt Networks|Wide area network|Digital and IT|18400|24400",
    "Harrowgate Staffing|Agency nurses|Hospital and clinical commissioning|52000|147000",
    "Linden Care Homes|Step-down beds|Primary and community care|61000|133000",
    "Quillon Training|Leadership programme|Workforce and HR|10250|18700",
]


FIXED_PAYMENTS = {
    (10, 2): "Kestrel Data Ltd|Data platform, monthly charge|Digital and IT|31250",
    (10, 15): "Nordhelm Cooling Systems|Cooling units, release of retention|Climate and heat-health|61240",
    (11, 3): "Kestrel Data Ltd|Data platform, monthly charge|Digital and IT|31250",
    (12, 2): "Kestrel Data Ltd|Data platform, monthly charge|Digital and IT|31250",
}


def working_days(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    """Return the days from Monday to Friday between two dates, both included."""
    days = [first + datetime.timedelta(days=offset) for offset in range((last - first).days + 1)]
    return [day for day in days if day.weekday() < 5]


def payments_of(day: datetime.date, rng: random.Random) -> list[tuple[str, int]]:
    """Return what was paid on one day: supplier, purpose and directorate, and the amount."""
    paid = []
    if (day.month, day.day) in FIXED_PAYMENTS:
        details, _, amount = FIXED_PAYMENTS[day.month, day.day].rpartition("|")
        paid.append((details, int(amount)))
    for _ in range(int(spread(rng, 0.4, 2.6))):
        supplier, purpose, directorate, low, high = pick(rng, SUPPLIERS).split("|")
        paid.append(
            (f"{supplier}|{purpose}|{directorate}", round(spread(rng, float(low), float(high)) / 10) * 10)
        )
    return paid


@cache
def payments_table() -> list[list[str]]:
    """Return the payments above 10,000 euro of the last quarter of 2025."""
    rng = random.Random(77)
    table = [["Date", "Voucher", "Supplier", "For", "Directorate", "Amount (EUR)"]]
    total, voucher = 0, 40_118
    for day in working_days(datetime.date(2025, 10, 1), datetime.date(2025, 12, 23)):
        for details, amount in payments_of(day, rng):
            table.append([day.strftime("%d %b"), f"PV-{voucher}", *details.split("|"), thousands(amount)])
            total, voucher = total + amount, voucher + 1 + int(rng.random() * 9)
    return [*table, ["Total", "", "", "", "", thousands(total)]]


PLACES = {
    "Brackmere": "Tollgate Quarry Minster Canal-side Northgate Weavers Kingsbarrow Foundry "
    "Orchard Saltmarket Fairholme Pinder",
    "Ostrel": "Harbour Ropewalk Lighthouse Fishmarket Customs Breakwater Gull Seaward Drift Chandlers",
    "Lindhollow": "Mill Oakshaw Hollow Beech Cartwright Meadow Thresher Brook",
    "Morvane": "Cloister Pit Slate Upper Lantern Forge Ridge",
    "Sankt Alder": "Erlenhof Markt Brunnen Sonnenhang Talblick Bahnhof",
    "Valcombe": "Lavoir Remparts Tilleuls Fontaine Marronniers",
}
SPACE_KINDS = ["Library", "Community Hall", "Leisure Centre", "Day Centre", "Church Hall", "School Gym"]
HOURS = ["10:00-20:00", "11:00-21:00", "09:00-19:00", "12:00-22:00"]


@cache
def cool_spaces() -> list[list[str]]:
    """Return the cool spaces of summer 2025, by district."""
    rng = random.Random(31)
    table = [["No.", "Name", "District", "Places", "Open (level 2 and 3)", "Step-free"]]
    total = 0
    for district, names in PLACES.items():
        for name in names.split():
            places = 20 + 5 * int(rng.random() * 23)
            space = f"{name} {pick(rng, SPACE_KINDS)}"
            step_free = "yes" if rng.random() < 0.8 else "no"
            table.append([str(len(table)), space, district, str(places), pick(rng, HOURS), step_free])
            total += places
    return [*table, ["Total", "", "", thousands(total), "", ""]]


@cache
def values() -> dict[str, str]:
    """Return the figures that texts take from the computed tables."""
    weeks = {row[0]: row for row in heat_by_week()[1:]}
    districts = {row[0]: row for row in heat_by_district()[1:]}
    found = {"payments-total": payments_table()[-1][-1], "cool-places": cool_spaces()[-1][3]}
    found |= {
        "cool-count": str(len(cool_spaces()) - 2),
        "respiratory-admissions": respiratory_table()[-1][-1],
    }
    found |= {
        "respiratory-samples": respiratory_table()[-1][2],
        "payments-count": str(len(payments_table()) - 2),
    }
    for week, row in weeks.items():
        found |= {
            f"heat-{week.lower()}": row[3],
            f"admitted-{week.lower()}": row[4],
            f"deaths-{week.lower()}": row[5],
        }
    for district, row in districts.items():
        key = district.lower().replace(" ", "-")
        found |= {f"heat-{key}": row[3], f"rate-{key}": row[6]}
    return found


TABLES: dict[str, Callable[[], list[list[str]]]] = {
    "heat-weekly": heat_table,
    "heat-districts": heat_by_district,
    "heat-weeks": heat_by_week,
    "respiratory": respiratory_table,
    "payments": payments_table,
    "cool-spaces": cool_spaces,
}
CHARTS: dict[str, tuple[str, Callable[[], list[list[str]]], int]] = {
    "heat-weeks": (
        "Heat-related visits to emergency departments, Talvern, by week, summer 2025",
        heat_by_week,
        3,
    ),
    "respiratory": ("Influenza-like illness per 100,000 people, by week", respiratory_table, 1),
}


# --- Markdown, text and HTML -------------------------------------------------------------------------


def to_markdown(source: Source) -> str:
    """Render a source as Markdown."""
    lines = [f"# {source.head['title']}", ""]
    lines += [f"- {label}: {value}" for label, value in source.meta()]
    return "\n".join(lines).rstrip() + "\n\n" + source.body


def to_text(source: Source) -> str:
    """Render a source as plain text, which is its body."""
    return source.body


def inline(text: str) -> str:
    """Turn the inline marks of a text into the tags that both HTML and reportlab know."""
    text = html.escape(" ".join(text.split()), quote=False)
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    text = re.sub(r"(?<![\w*])\*([^*]+?)\*(?![\w*])", r"<i>\1</i>", text)
    return re.sub(r"\[([^\]]+)\]\(([^)]+)\)", r'<a href="\2">\1</a>', text)


def html_table(block: Block) -> str:
    """Render a table block as HTML."""
    head = "".join(f"<th>{inline(cell)}</th>" for cell in block.rows[0])
    body = "\n".join(
        "<tr>" + "".join(f"<td>{inline(c)}</td>" for c in row) + "</tr>" for row in block.rows[1:]
    )
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def html_block(block: Block) -> str:
    """Render one block as HTML."""
    if block.kind == "heading":
        return f"<h{block.level}>{inline(block.text)}</h{block.level}>"
    if block.kind in ("bullets", "numbers"):
        tag = "ul" if block.kind == "bullets" else "ol"
        return f"<{tag}>\n" + "\n".join(f"<li>{inline(item)}</li>" for item in block.items) + f"\n</{tag}>"
    if block.kind == "table":
        return html_table(block)
    if block.kind == "note":
        return f'<aside class="note"><p>{inline(block.text)}</p></aside>'
    return f"<p>{inline(block.text)}</p>" if block.kind == "paragraph" else ""


def to_html(source: Source) -> str:
    """Render a source as a web page, inside the template its header names."""
    template = string.Template(
        (CONTENT / "templates" / f"{source.head['template']}.html").read_text(encoding="utf-8")
    )
    main = "\n".join(filter(None, map(html_block, parse(source.body))))
    updated = source.head.get("date", "")
    return template.substitute(
        title=inline(source.head["title"]), lang=source.lang, main=main, updated=updated
    )


# --- PDF ---------------------------------------------------------------------------------------------


class NumberedCanvas(Canvas):
    """A canvas that knows the number of pages when it draws the running footer."""

    footer: Callable[[Any, int, int], None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Start with no page kept."""
        super().__init__(*args, **kwargs)
        self.kept: list[dict[str, Any]] = []

    def showPage(self) -> None:
        """Keep the page until the number of pages is known."""
        self.kept.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        """Draw the footers and write the file."""
        for number, state in enumerate(self.kept, 1):
            self.__dict__.update(state)
            type(self).footer(self, number, len(self.kept))
            super().showPage()
        super().save()


class Report(BaseDocTemplate):
    """A document that tells its table of contents where the headings are."""

    def afterFlowable(self, flowable: Flowable) -> None:
        """Report each heading to the table of contents."""
        level = {"h1": 0, "h2": 1}.get(getattr(getattr(flowable, "style", None), "name", ""))
        if level is not None and isinstance(flowable, Paragraph):
            self.notify("TOCEntry", (level, flowable.getPlainText(), self.page))


class Pdf:
    """The rendering of one source as PDF."""

    def __init__(self, source: Source) -> None:
        """Choose fonts and colour by the theme of the source."""
        self.source = source
        colour, serif = THEMES[source.head.get("theme", "report")]
        self.colour: Color = HexColor(colour)
        self.roman, self.bold = ("Times-Roman", "Times-Bold") if serif else ("Helvetica", "Helvetica-Bold")
        self.head_font = self.bold
        self.size = 11.0 if serif else 10.2
        self.justify = serif
        self.cover = source.head.get("cover") == "yes"

    def style(self, name: str, **options: Any) -> ParagraphStyle:
        """Make a paragraph style on the document's own font."""
        basic: dict[str, Any] = {"fontName": self.roman, "fontSize": self.size, "leading": self.size * 1.42}
        return ParagraphStyle(name, **(basic | options))

    def write(self, path: Path) -> None:
        """Write the file."""
        frame = Frame(MARGIN, 24 * mm, WIDTH, A4[1] - 52 * mm, id="body", leftPadding=0, rightPadding=0)
        first = Frame(MARGIN, 24 * mm, WIDTH, A4[1] - 48 * mm, id="first", leftPadding=0, rightPadding=0)
        templates = [PageTemplate("first", [first]), PageTemplate("later", [frame])]
        title = self.source.head["title"]
        document = Report(
            str(path), pagesize=A4, invariant=1, title=title, author=AUTHORITY, lang=self.source.lang
        )
        document.addPageTemplates(templates)
        canvas = type("Pages", (NumberedCanvas,), {"footer": self.furniture})
        document.multiBuild([NextPageTemplate("later"), *self.opening(), *self.blocks()], canvasmaker=canvas)

    def furniture(self, canvas: Any, number: int, count: int) -> None:
        """Draw the running header and footer of one page."""
        head = self.source.head
        canvas.saveState()
        canvas.setStrokeColor(self.colour)
        if number == 1:
            self.letterhead(canvas)
        else:
            canvas.setFont(self.roman, 8)
            canvas.setFillColor(HexColor("#555555"))
            canvas.drawString(MARGIN, A4[1] - 16 * mm, AUTHORITY)
            canvas.drawRightString(A4[0] - MARGIN, A4[1] - 16 * mm, head.get("short", head["title"]))
            canvas.setLineWidth(0.6)
            canvas.line(MARGIN, A4[1] - 18.5 * mm, A4[0] - MARGIN, A4[1] - 18.5 * mm)
        canvas.setFillColor(HexColor("#555555"))
        canvas.setFont(self.roman, 8)
        canvas.setLineWidth(0.4)
        canvas.line(MARGIN, 17 * mm, A4[0] - MARGIN, 17 * mm)
        canvas.drawString(MARGIN, 12.5 * mm, " · ".join(head[k] for k in ("ref", "status") if k in head))
        canvas.drawRightString(A4[0] - MARGIN, 12.5 * mm, PAGE_OF[self.source.lang].format(number, count))
        canvas.restoreState()

    def letterhead(self, canvas: Any) -> None:
        """Draw the authority's mark and name at the top of the first page."""
        top = A4[1] - 17 * mm
        canvas.setFillColor(self.colour)
        for step, height in enumerate((3.0, 4.6, 6.6)):
            canvas.roundRect(
                MARGIN + step * 3.1 * mm, top - 1.5 * mm, 2.4 * mm, height * mm, 0.7 * mm, stroke=0, fill=1
            )
        canvas.setFont(self.bold, 11.5)
        canvas.drawString(MARGIN + 12 * mm, top + 1.9 * mm, AUTHORITY)
        canvas.setFillColor(HexColor("#666666"))
        canvas.setFont(self.roman, 7.6)
        canvas.drawString(MARGIN + 12 * mm, top - 1.8 * mm, "Lantern House, 4 Quay Street, Brackmere")
        canvas.drawRightString(A4[0] - MARGIN, top - 1.8 * mm, "www.trha.example")
        canvas.setLineWidth(1.2)
        canvas.line(MARGIN, top - 4.2 * mm, A4[0] - MARGIN, top - 4.2 * mm)

    def opening(self) -> list[Flowable]:
        """Return the title, the lines under it and, for a long report, the table of contents."""
        head, big = self.source.head, 26 if self.cover else 18
        title = self.style(
            "title", fontName=self.head_font, fontSize=big, leading=big * 1.2, textColor=self.colour
        )
        story: list[Flowable] = [
            Spacer(1, (62 if self.cover else 4) * mm),
            Paragraph(inline(head["title"]), title),
        ]
        if "subtitle" in head:
            grey = self.style(
                "subtitle", fontSize=12, leading=16, textColor=HexColor("#555555"), spaceBefore=4
            )
            story.append(Paragraph(inline(head["subtitle"]), grey))
        story += [Spacer(1, 5 * mm), self.meta_table(), Spacer(1, 5 * mm)]
        if self.cover:
            story += [
                PageBreak(),
                Paragraph(LABELS[self.source.lang]["toc"], self.heading_style(1, "toc")),
                self.toc(),
            ]
            story += [PageBreak()]
        return story

    def meta_table(self) -> Flowable:
        """Return the labelled lines under the title as a small table without grid."""
        label = self.style("label", fontName=self.bold, fontSize=8.6, leading=11, textColor=self.colour)
        plain = self.style("meta", fontSize=8.9, leading=11)
        rows = [
            [Paragraph(inline(key), label), Paragraph(inline(value), plain)]
            for key, value in self.source.meta()
        ]
        if not rows:
            return HRFlowable(width="100%", color=self.colour)
        table = Table(rows, colWidths=[27 * mm, WIDTH - 27 * mm], hAlign="LEFT")
        rule = [
            ("LINEBELOW", (0, -1), (-1, -1), 0.5, self.colour),
            ("LINEABOVE", (0, 0), (-1, 0), 0.5, self.colour),
        ]
        pads = [("TOPPADDING", (0, 0), (-1, -1), 2), ("BOTTOMPADDING", (0, 0), (-1, -1), 2)]
        table.setStyle(
            TableStyle(
                [*rule, *pads, ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, -1), 0)]
            )
        )
        return table

    def toc(self) -> TableOfContents:
        """Return the table of contents."""
        contents = TableOfContents()
        contents.dotsMinLevel = 0
        contents.levelStyles = [
            self.style("toc1", fontName=self.bold, spaceBefore=2),
            self.style("toc2", leftIndent=12, fontSize=self.size - 0.8, leading=self.size * 1.22),
        ]
        return contents

    def heading_style(self, level: int, name: str = "") -> ParagraphStyle:
        """Return the style of a heading of one level."""
        size = {1: 14.5, 2: 11.8}.get(level, 10.4)
        space = {"spaceBefore": size * 0.9, "spaceAfter": size * 0.35, "keepWithNext": 1}
        colour = self.colour if level < 3 else HexColor("#222222")
        font = {"fontName": self.head_font, "fontSize": size, "leading": size * 1.25, "textColor": colour}
        return self.style(name or f"h{level}", **font, **space)

    def blocks(self) -> list[Flowable]:
        """Return the flowables of the whole body."""
        blocks = list(parse(self.source.body))
        story: list[Flowable] = []
        for block, following in zip(blocks, [*blocks[1:], Block("end")], strict=True):
            if block.kind == "heading" and len(following.rows) >= LONG_TABLE:
                loose = ParagraphStyle("loose", self.heading_style(block.level - 1), keepWithNext=0)
                loose.name = f"h{block.level - 1}"
                story += [CondPageBreak(55 * mm), Paragraph(inline(block.text), loose)]
            else:
                story += self.block(block)
        return story

    def block(self, block: Block) -> list[Flowable]:
        """Return the flowables of one block."""
        if block.kind == "heading":
            return [Paragraph(inline(block.text), self.heading_style(block.level - 1))]
        if block.kind in ("bullets", "numbers"):
            return [self.list_of(block), Spacer(1, 4)]
        if block.kind == "table":
            return [self.table(block)]
        if block.kind == "note":
            return [self.note(block.text)]
        if block.kind == "directive":
            return self.directive(block.text)
        align = {"alignment": TA_JUSTIFY} if self.justify else {}
        return [Paragraph(inline(block.text), self.style("body", spaceAfter=6, **align))]

    def list_of(self, block: Block) -> Flowable:
        """Return a bulleted or numbered list."""
        body = self.style("item", spaceAfter=2)
        bullets = block.kind == "bullets"
        return ListFlowable(
            [Paragraph(inline(item), body) for item in block.items],
            leftIndent=15,
            bulletType="bullet" if bullets else "1",
            bulletFormat=None if bullets else "%s.",
            start="•" if bullets else None,
            bulletFontName=self.roman,
            bulletFontSize=self.size,
        )

    def note(self, text: str) -> Flowable:
        """Return a tinted box with a coloured edge."""
        table = Table([[Paragraph(inline(text), self.style("note"))]], colWidths=[WIDTH])
        tint = Color(self.colour.red, self.colour.green, self.colour.blue, alpha=0.08)
        edge = ("LINEBEFORE", (0, 0), (0, -1), 2.5, self.colour)
        pads = [(f"{side}PADDING", (0, 0), (-1, -1), 7) for side in ("TOP", "BOTTOM", "LEFT", "RIGHT")]
        table.setStyle(TableStyle([("BACKGROUND", (0, 0), (-1, -1), tint), edge, *pads]))
        table.spaceBefore, table.spaceAfter = 3, 9
        return table

    def directive(self, text: str) -> list[Flowable]:
        """Return a page break or a chart."""
        if text == "pagebreak":
            return [PageBreak()]
        caption, rows, column = CHARTS[text.removeprefix("chart:")]
        return [KeepTogether([self.chart(caption, rows()[1:-1], column)]), Spacer(1, 8)]

    def chart(self, caption: str, rows: list[list[str]], column: int) -> Drawing:
        """Return a bar chart of one column of a table."""
        drawing = Drawing(WIDTH, 60 * mm)
        drawing.add(String(0, 56 * mm, caption, fontName=self.bold, fontSize=8.6, fillColor=self.colour))
        heights = [float(row[column].replace(",", "")) for row in rows]
        bars: Any = VerticalBarChart()
        bars.x, bars.y, bars.width, bars.height = 24, 10 * mm, WIDTH - 30, 42 * mm
        bars.data = [heights]
        bars.bars[0].fillColor = self.colour
        bars.bars[0].strokeColor = None
        bars.groupSpacing = 5
        self.axes(bars, [re.sub(r"^\d+-", "", row[0]) for row in rows], max(heights))
        drawing.add(bars)
        return drawing

    def axes(self, bars: Any, names: list[str], highest: float) -> None:
        """Set the axes of a bar chart."""
        values, categories = bars.valueAxis, bars.categoryAxis
        values.valueMin, values.valueMax, values.valueStep = 0, 50 * (int(highest / 50) + 1), 50
        values.visibleGrid, values.gridStrokeColor, values.gridStrokeWidth = 1, HexColor("#dddddd"), 0.4
        values.labels.fontName = categories.labels.fontName = self.roman
        values.labels.fontSize, categories.labels.fontSize = 7, 6.6
        categories.categoryNames, categories.visibleTicks = names, 0

    def table(self, block: Block) -> Flowable:
        """Return a table with gridlines, whose head is repeated on each page."""
        size = 8.3 if len(block.rows[0]) > 5 else 9.2
        widths = column_widths(block.rows, self.bold, size)
        last = block.rows[-1][0].strip("*")
        totals = last.startswith(("Total", "Summe", "Gesamt"))
        rows = []
        for index, row in enumerate(block.rows):
            strong = index == 0 or (totals and index == len(block.rows) - 1)
            rows.append(
                [self.cell(c, size, strong, index == 0, r) for c, r in zip(row, block.right, strict=True)]
            )
        table = Table(rows, colWidths=widths, repeatRows=1, hAlign="LEFT")
        whole = [("NOSPLIT", (0, 0), (-1, -1))] if len(rows) < LONG_TABLE else []
        table.setStyle(TableStyle([*self.grid(totals), *whole]))
        table.spaceBefore, table.spaceAfter = 4, 11
        return table

    def cell(self, text: str, size: float, strong: bool, head: bool, right: bool) -> Paragraph:
        """Return one cell of a table."""
        options: dict[str, Any] = {"fontSize": size, "leading": size * 1.22}
        options["fontName"] = self.bold if strong else self.roman
        options |= {"alignment": TA_RIGHT} if right else {}
        options |= {"textColor": white} if head else {}
        return Paragraph(inline(text), self.style("cell", **options))

    def grid(self, totals: bool) -> list[tuple[Any, ...]]:
        """Return the lines, tints and paddings of a table."""
        whole = ((0, 0), (-1, -1))
        style: list[tuple[Any, ...]] = [
            ("GRID", *whole, 0.4, HexColor("#9a9a9a")),
            ("BACKGROUND", (0, 0), (-1, 0), self.colour),
            ("ROWBACKGROUNDS", (0, 1), (-1, -1), [white, HexColor("#f4f5f6")]),
            ("VALIGN", *whole, "TOP"),
            ("LEFTPADDING", *whole, 5),
            ("RIGHTPADDING", *whole, 6),
            ("TOPPADDING", *whole, 2.4),
            ("BOTTOMPADDING", *whole, 3),
        ]
        if totals:
            style += [
                ("LINEABOVE", (0, -1), (-1, -1), 1.1, self.colour),
                ("BACKGROUND", (0, -1), (-1, -1), HexColor("#e6e8ea")),
            ]
        return style


def column_widths(rows: list[list[str]], font: str, size: float) -> list[float]:
    """Share the page's width among columns: no word is broken and long texts get the rest."""
    least, wanted = [], []
    for column in zip(*rows, strict=True):
        words = [word for cell in column for word in cell.replace("*", "").split()] or [""]
        least.append(max(stringWidth(word, font, size) for word in words) + 12)
        wanted.append(max(stringWidth(cell.replace("*", ""), font, size) for cell in column) + 12)
    if sum(wanted) <= WIDTH:
        scale = min(1.35, WIDTH / sum(wanted))
        return [width * scale for width in wanted]
    spare = WIDTH - sum(least)
    wish = [max(0.0, want - low) ** 0.7 for want, low in zip(wanted, least, strict=True)]
    return [low + spare * part / sum(wish) for low, part in zip(least, wish, strict=True)]


# --- The drive ---------------------------------------------------------------------------------------

TEXT_FORMATS = {"md": to_markdown, "txt": to_text, "html": to_html}


def write_document(source: Source, out: Path) -> None:
    """Render one source into the drive."""
    path = out / source.head["path"]
    path.parent.mkdir(parents=True, exist_ok=True)
    if source.head["format"] == "pdf":
        Pdf(source).write(path)
    else:
        path.write_bytes(TEXT_FORMATS[source.head["format"]](source).encode("utf-8"))


def generate(out: Path) -> int:
    """Write the whole drive and return the number of documents."""
    sources = sorted(path for path in CONTENT.rglob("*.md") if path.name != "README.md")
    out.mkdir(parents=True, exist_ok=True)
    for path in sources:
        write_document(read_source(path), out)
    (out / ".cairn-access").write_bytes((CONTENT / "cairn-access").read_bytes())
    return len(sources)


def main(arguments: list[str]) -> int:
    """Run the program."""
    if len(arguments) != 1:
        print("usage: generate.py OUT_DIR", file=sys.stderr)
        return 2
    print(f"{generate(Path(arguments[0]))} documents written to {arguments[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
