"""What shows each result on a terminal: the one place that knows every form of it."""

from collections.abc import Callable
from typing import Any

from cairn.surfaces.cli import show, show_answers, show_costs, show_people, show_reports

FORMS = (show, show_answers, show_people, show_costs, show_reports)
"""Each adds its forms to ``show.show`` when it is imported."""


def load(rest: str) -> Callable[[Any], None]:
    """Return what shows a result; it has no options."""
    return show.show
