"""The words and signs that stand with a number: scales, currencies, units. In English, German and French.

A plain table: it knows nothing of how a number is written.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Measure(NamedTuple):
    """What a unit's word stands for."""

    unit: str
    """The unit that everything of its kind is counted in: ``EUR``, ``%``, ``s``."""
    factor: float = 1.0


def _spelled(table: Mapping[float, str]) -> dict[str, float]:
    return {word: factor for factor, words in table.items() for word in words.split()}


SCALES: Mapping[str, float] = _spelled(
    {
        1e2: "hundred hundreds hundert cent cents",
        1e3: "thousand thousands k tsd tausend mille teur k€",
        1e6: "million millions m mn mm mio millionen meur m€",
        1e9: "billion billions bn b mrd milliarde milliarden milliard milliards",
        1e12: "trillion trillions tn bio billionen",
    }
)
"""What a scale word multiplies by; a letter counts only right behind a figure."""
LETTERS = frozenset({"k", "m", "b", "mm", "mn", "bn", "tn"})

_CURRENCIES = {
    "USD": "$ us$ usd dollar dollars",
    "EUR": "€ eur euro euros teur meur k€ m€",
    "GBP": "£ gbp pound pounds pfund",
    "CHF": "chf franken fr. francs",
    "JPY": "¥ jpy yen 円",
    "RMB": "rmb cny yuan",
    "INR": "₹ inr rupees",
    "SEK": "sek",
    "NOK": "nok",
    "DKK": "dkk",
    "AUD": "aud a$",
    "CAD": "cad c$",
    "HKD": "hkd hk$",
    "SGD": "sgd s$",
}
CURRENCIES: Mapping[str, str] = {word: name for name, words in _CURRENCIES.items() for word in words.split()}

_MEASURES = {
    Measure("%"): "% percent per-cent prozent pct",
    Measure("pp"): "pp ppt ppts percentage-point percentage-points prozentpunkt prozentpunkte prozentpunkten",
    Measure("pp", 0.01): "bp bps basis-point basis-points basispunkte",
    Measure("s"): "second seconds sekunde sekunden seconde secondes",
    Measure("s", 60): "minute minutes min mins minuten",
    Measure("s", 3600): "hour hours hr hrs stunde stunden heure heures",
    Measure("s", 86400): "day days tag tage tagen jour jours",
    Measure("s", 7 * 86400): "week weeks woche wochen semaine semaines",
    Measure("month"): "month months monat monate monaten mois",
    Measure("month", 12): "year years yr yrs jahr jahre jahren an ans année années",
    Measure("m", 0.001): "mm millimetre millimetres millimeter millimeters",
    Measure("m", 0.01): "cm centimetre centimetres centimeter centimeters",
    Measure("m"): "metre metres meter meters metern mètre mètres",
    Measure("m", 1000): "km kilometre kilometres kilometer kilometers kilometern",
    Measure("m", 1609.344): "mile miles",
    Measure("g"): "gram grams gramm",
    Measure("g", 1e-3): "mg milligram milligrams",
    Measure("g", 1e3): "kg kilogram kilograms kilo kilos",
    Measure("g", 1e6): "tonne tonnes tons t tonnen",
    Measure("l"): "l litre litres liter liters litern",
    Measure("l", 1e-3): "ml millilitre millilitres",
    Measure("°C"): "° °c degree degrees grad celsius",
    Measure("m²"): "m² m2 sqm",
    Measure("m³"): "m³ m3",
    Measure("W", 1e3): "kw kilowatt kilowatts",
    Measure("W", 1e6): "mw megawatt megawatts",
    Measure("Wh", 1e3): "kwh",
    Measure("Wh", 1e6): "mwh",
    Measure("x"): "times fold x mal fois",
}
MEASURES: Mapping[str, Measure] = {
    word: measure for measure, words in _MEASURES.items() for word in words.split()
}
"""By the unit's word in lower case; two words are joined by a hyphen."""
