"""Styles, scripts and pictures of the pages: read once, at an address that changes when they do."""

from hashlib import sha256
from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}

_HELD = {
    one.name: one.read_bytes()
    for one in sorted(files("cairn.surfaces.web").joinpath("assets").iterdir(), key=lambda one: one.name)
    if one.is_file()
}
VERSION = sha256(b"".join(_HELD.values())).hexdigest()[:12]
"""Of all of them together, so that they can name one another without it."""


async def show(request: Request) -> Response:
    """Send one of them."""
    name = request.path_params["name"]
    if request.path_params["version"] != VERSION or name not in _HELD:
        raise HTTPException(404, "There is no such asset.")
    return Response(_HELD[name], media_type=TYPES[name.rpartition(".")[2]], headers=FOR_GOOD)
