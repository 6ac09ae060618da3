"""The tables computed from fixed seeds, and the figures that texts take from them."""

import datetime
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

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


def payments_by_directorate() -> list[list[str]]:
    """Return the same payments summed by directorate, the largest first."""
    sums: dict[str, list[int]] = {}
    for row in payments_table()[1:-1]:
        sums.setdefault(row[4], []).append(int(row[5].replace(",", "")))
    whole = sum(sum(paid) for paid in sums.values())
    table = [["Directorate", "Payments", "Amount (EUR)", "Share"]]
    for name, paid in sorted(sums.items(), key=lambda pair: -sum(pair[1])):
        table.append([name, str(len(paid)), thousands(sum(paid)), f"{100 * sum(paid) / whole:.1f} %"])
    return [*table, ["Total", str(len(payments_table()) - 2), thousands(whole), "100.0 %"]]


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
    "payments-directorates": payments_by_directorate,
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
