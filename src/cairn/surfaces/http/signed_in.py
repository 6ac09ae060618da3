"""Who asks: from a request to its Session, for every site behind the doors.

    session = signed_in(request)     # raises NotSignedIn
    session = visitor(websocket)     # None when nobody is signed in

The session is made anew for each request by ``doors``; a site keeps none from one to the next.
"""

from starlette.requests import HTTPConnection

from cairn.session import Session
from cairn.surfaces.http.problems import NotSignedIn

AS = "cairn-as"
"""The header by which an admin asks as somebody else."""


def visitor(connection: HTTPConnection) -> Session | None:
    """Return the session of whoever asks, as themselves; None for nobody."""
    found: Session | None = getattr(connection.state, "session", None)
    return found


async def again(connection: HTTPConnection) -> Session | None:
    """Return the session anew, as it stands now; for each event of a websocket that stays open.

    None when nobody is signed in, or no longer may be.
    """
    try:
        found: Session | None = await connection.state.again()
    except NotSignedIn:
        return None
    return found


def signed_in(connection: HTTPConnection) -> Session:
    """Return the session of whoever asks, as somebody else where an admin says so.

    Raises NotSignedIn; Denied for who may not be somebody else, Unknown for a person nobody has enrolled.
    """
    session = visitor(connection)
    if session is None:
        raise NotSignedIn()
    other = connection.headers.get(AS)
    return session.acting_as(other) if other is not None else session
