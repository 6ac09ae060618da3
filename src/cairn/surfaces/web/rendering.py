"""Templates to answers: what every page is told, and the headers it is sent with.

Everything a template shows is escaped; nothing a page needs comes from another host, and no script or
style stands in a page itself, so that the content security policy needs no exception.
"""

from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from cairn.people import Role
from cairn.results.costs import money
from cairn.session import Session
from cairn.surfaces.http.signed_in import visitor
from cairn.surfaces.web import asset
from cairn.surfaces.web.reading import columns, row

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}
PLACES = (
    ("/", "Ask", Role.READER),
    ("/report", "Report", Role.READER),
    ("/library", "Library", Role.READER),
    ("/access", "Access", Role.CURATOR),
    ("/feedback", "Feedback", Role.CURATOR),
    ("/measure", "Measure", Role.ADMIN),
    ("/costs", "Costs", Role.AUDITOR),
    ("/system", "System", Role.ADMIN),
)
"""The pages in the navigation, with the role each takes."""
UNITS = ("bytes", "kB", "MB", "GB", "TB")


def page(request: Request, template: str, answered: int = 200, /, **values: Any) -> HTMLResponse:
    """Return a page, or a part of one, for whoever asks."""
    session = visitor(request)
    here = next((place for place, *_ in reversed(PLACES) if _within(request.url.path, place)), "")
    shared = {
        "assets": f"/assets/{asset.VERSION}",
        "visitor": session,
        "roles": _roles(session),
        "places": [
            (place, name) for place, name, role in PLACES if session is not None and session.holds(role)
        ],
        "here": here,
    }
    return HTMLResponse(_TEMPLATES.get_template(template).render(shared | values), answered, HEADERS)


def _within(path: str, place: str) -> bool:
    return path == place or (place != "/" and path.startswith(f"{place}/"))


def _roles(session: Session | None) -> list[str]:
    return [role for role in Role if session is not None and session.holds(role)]


def _size(count: int) -> str:
    """Say a number of bytes."""
    value, unit = float(count), 0
    while value >= 1000 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.{int(unit > 0 and value < 100)}f} {UNITS[unit]}"


def _moment(at: datetime) -> str:
    """Say when something was, on this machine's clock."""
    return f"{at.astimezone():%Y-%m-%d %H:%M}"


def _code(said: str) -> Markup:
    """Show what stands between backticks as code."""
    parts = said.split("`")
    if len(parts) % 2 == 0:
        return escape(said)
    return Markup().join(
        Markup("<code>{}</code>").format(part) if at % 2 else part for at, part in enumerate(parts)
    )


def _value(held: Any) -> str:
    """Say what was measured of a question."""
    match held:
        case None:
            return "–"
        case bool():
            return "yes" if held else "no"
        case float():
            return f"{held:.3f}"
        case tuple() | list():
            return ", ".join(map(str, held))
    return str(held)


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("cairn.surfaces.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"columns": columns, "row": row}
    made.filters |= {"size": _size, "moment": _moment, "code": _code, "value": _value}
    made.filters |= {"count": "{:,}".format, "money": money}
    return made


_TEMPLATES = _environment()
