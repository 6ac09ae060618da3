"""What language models cost, from a file; a price that is not in it is not known, and none is made up."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from cairn.chat import Usage
from cairn.errors import Invalid

BUILT_IN = Path(__file__).with_name("prices.toml")
MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """Of a model, in dollars a million tokens."""

    model: str
    """Its name as configured, or a pattern with ``*``; a date after the name is the same model."""
    noted: date
    input: float
    output: float
    cached: float | None = None
    """Of input that the provider had kept; None where it keeps none at a price of its own."""
    stored: float | None = None
    """Of input that it keeps for the next time."""
    upto: int | None = None
    """Tokens of input up to which this holds."""

    def means(self, name: str) -> bool:
        """Tell whether it is the price of the model that is configured as ``name``."""
        return fnmatchcase(name, self.model) or fnmatchcase(name, f"{self.model}[-@]20*")

    def cost(self, usage: Usage) -> float | None:
        """Return what one call costs, in dollars; None beyond what the price holds for."""
        if self.upto is not None and usage.input > self.upto:
            return None
        cached = self.input if self.cached is None else self.cached
        stored = self.input if self.stored is None else self.stored
        plain = max(usage.input - usage.cached - usage.stored, 0)
        read = plain * self.input + usage.cached * cached + usage.stored * stored
        return (read + usage.output * self.output) / MILLION


class Prices:
    """Prices by model: the first list that has one, and in it the longest name that fits."""

    def __init__(self, *lists: Iterable[Price]) -> None:
        self._prices = [one for held in lists for one in sorted(held, key=lambda price: -len(price.model))]

    def of(self, model: str) -> Price | None:
        """Return the price of a model as configured; None where it is not known."""
        return next((price for price in self._prices if price.means(model)), None)

    def cost(self, model: str, usage: Usage) -> float | None:
        """Return what a call of this model costs, in dollars; None where the price is not known."""
        price = self.of(model)
        return None if price is None else price.cost(usage)

    def saved(self, model: str, cached: int, stored: int) -> float:
        """Return the dollars that the provider's cache saved, less what keeping cost; 0 where not known."""
        price = self.of(model)
        if price is None:
            return 0.0
        for_keeping = 0.0 if price.stored is None else stored * (price.stored - price.input)
        return (
            0.0 if price.cached is None else cached * (price.input - price.cached) - for_keeping
        ) / MILLION


def read(path: Path = BUILT_IN) -> list[Price]:
    """Read a file of prices; raises Invalid with what is wrong in it."""
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Invalid(f"The prices in {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise Invalid(f"The prices in {path} are not TOML: {error}") from error
    shared = {"noted": written["noted"]} if "noted" in written else {}
    return [_price(path, shared, one) for one in written.get("price", ())]


_KINDS: Mapping[str, type] = {"model": str, "noted": date, "upto": int}
"""Of what is no amount of dollars."""


def _price(path: Path, shared: Mapping[str, Any], said: Any) -> Price:
    try:
        price = Price(**shared, **said)
    except TypeError:
        raise Invalid(f"{path}: {said!r} is no price; {_NEEDED}") from None
    for name in said:
        if not _right(name, said[name]):
            raise Invalid(f"{path}: {name} of {price.model!r} is {said[name]!r}; {_NEEDED}")
    return price


def _right(name: str, value: Any) -> bool:
    if name in _KINDS:
        return isinstance(value, _KINDS[name])
    return isinstance(value, int | float) and 0 <= value < float("inf")


_NEEDED = (
    f"one has {', '.join(one.name for one in fields(Price))}: dollars a million tokens, the day of noting, "
    "the tokens of input up to which they hold."
)
