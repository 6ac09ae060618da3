"""A way to a server over HTTP, with connections that are kept; thread-safe."""

from urllib.parse import urlsplit

import httpx

from cairn.errors import Invalid, Unavailable


class HttpCaller:
    """See ``cairn.protocols.Caller``."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        # A long ingest says nothing until it is done.
        lasting = httpx.Timeout(None, connect=10.0)
        self._client = httpx.Client(base_url=url, headers=headers, timeout=lasting, trust_env=False)

    def call(
        self, method: str, path: str, *, json: object = None, content: bytes | None = None
    ) -> tuple[int, bytes]:
        try:
            if content is not None:
                answer = self._client.request(method, path, content=content)
            else:
                answer = self._client.request(method, path, json=json)
        except httpx.HTTPError as error:
            raise Unavailable(f"{self._client.base_url} does not answer: {error}") from error
        return answer.status_code, answer.content

    def close(self) -> None:
        self._client.close()


def load(rest: str, *, token: str) -> HttpCaller:
    """Return the way to the server at the address ``rest``; raises Invalid where a token must not go."""
    parts = urlsplit(rest)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Invalid(f"{rest!r} is no address of a server; write https://cairn.example.org.")
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise Invalid(f"{rest!r} would show the token to everybody on the way; use https.")
    return HttpCaller(rest, token)
