"""The operation that serves a library to others."""

from typing import Annotated

from cairn import registry
from cairn.errors import Denied
from cairn.operations import identity
from cairn.operations.declare import Say, operation
from cairn.people import Role
from cairn.results.people import Served
from cairn.session import Session

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@operation("serve", role=Role.OWNER, opens=False)
async def serve(
    session: Session,
    *,
    host: Annotated[str, Say("the address to listen on")] = "127.0.0.1",
    port: Annotated[int, Say("the port to listen on")] = 8484,
) -> Served:
    """Serve the library: HTTP API, pages and the work in the background, until ctrl-C.

    On this machine alone, it prints a link by which its owner signs in once. It listens elsewhere only when
    somebody can sign in: see `cairn people add`, or the setting oidc_issuer.
    """
    app = session.app
    app.wire()
    somebody = any(not one.disabled for one in app.journal.people.accounts())
    if host not in LOOPBACK and not (somebody or app.settings.oidc_issuer):
        raise Denied(f"Nobody could sign in on {host}; let somebody: cairn people add PERSON admin")
    server = registry.load("servers", "http")
    address = app.settings.serve_url.rstrip("/") if app.settings.serve_url else f"http://{host}:{port}"
    print(f"Cairn serves {app.home} on {address}")
    if host in LOOPBACK:
        print(f"Sign in as its owner, once, within the hour: {address}/v1/session/link/{identity.link(app)}")
    await server(app, host, port)
    return Served(address=address)
