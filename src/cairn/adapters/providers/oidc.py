"""An identity provider that speaks OpenID Connect: authorization code with PKCE, discovery and JWKS.

Follows OpenID Connect Core 1.0 (3.1) and RFC 9207. Knows nothing of who its people are here.
"""

import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from cairn.errors import Denied, Invalid, Unavailable
from cairn.people import Claims

SKEW = 60
"""Seconds by which two clocks may differ."""
KEPT = 3600.0
"""Seconds for which what the provider says of itself is believed."""
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
"""Signatures with a public key alone: a secret both know proves nothing."""
BYTES = 1_000_000


class Oidc:
    """See ``cairn.protocols.Provider``."""

    def __init__(self, issuer: str, client: str, secret: str) -> None:
        self.issuer = issuer.rstrip("/")
        self._client = client
        self._secret = secret
        self._held: dict[str, tuple[float, Any]] = {}
        self._lock = threading.Lock()

    def begin(self, redirect: str, state: str, nonce: str, verifier: str) -> str:
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": redirect,
            "scope": "openid profile email groups",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        about = self._about()
        supported = about.get("scopes_supported")
        if isinstance(supported, list):
            asked["scope"] = " ".join(one for one in asked["scope"].split() if one in supported)
        return f"{about['authorization_endpoint']}?{urlencode(asked)}"

    def finish(self, redirect: str, code: str, nonce: str, verifier: str, issuer: str | None) -> Claims:
        if issuer is not None and issuer != self._about()["issuer"]:
            raise Denied("The answer is another identity provider's.")
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
            "client_id": self._client,
        }
        login = httpx.BasicAuth(self._client, self._secret) if self._secret else None
        answer = self._ask("POST", self._about()["token_endpoint"], data=sent, auth=login)
        claims = self._verified(str(answer.get("id_token", "")), nonce)
        more = self._more(str(answer.get("access_token", "")), claims)
        return Claims(issuer=self.issuer, subject=claims["sub"], said=more | claims)

    def _verified(self, token: str, nonce: str) -> dict[str, Any]:
        """Return the claims of an ID token; raises Denied unless all of it is as it must be."""
        registry = jwt.JWTClaimsRegistry(
            leeway=SKEW,
            iss={"essential": True, "value": self._about()["issuer"]},
            aud={"essential": True, "value": self._client},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            claims = self._decoded(token)
            registry.validate(claims)
        except (JoseError, ValueError) as error:
            raise Denied(f"The identity provider's token does not hold: {type(error).__name__}.") from error
        if claims.get("azp", self._client) != self._client:
            raise Denied("The identity provider's token is for another client.")
        return claims

    def _decoded(self, token: str) -> dict[str, Any]:
        try:
            return dict(jwt.decode(token, self._keys(), algorithms=ALGORITHMS).claims)
        except JoseError:
            with self._lock:
                self._held.pop(self._about()["jwks_uri"], None)  # its keys may have changed since
            return dict(jwt.decode(token, self._keys(), algorithms=ALGORITHMS).claims)

    def _more(self, access: str, claims: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the provider says beside the token, of the same person."""
        place = self._about().get("userinfo_endpoint")
        if place is None or not access:
            return {}
        more = self._ask("GET", place, headers={"Authorization": f"Bearer {access}"})
        return more if more.get("sub") == claims["sub"] else {}

    def _about(self) -> dict[str, Any]:
        about: dict[str, Any] = self._kept(f"{self.issuer}/.well-known/openid-configuration")
        if str(about.get("issuer", "")).rstrip("/") != self.issuer:
            raise Invalid(f"{self.issuer} says that it is {about.get('issuer')!r}; set oidc_issuer to that.")
        return about

    def _keys(self) -> jwk.KeySet:
        return jwk.KeySet.import_key_set(self._kept(self._about()["jwks_uri"]))

    def _kept(self, url: str) -> Any:
        held = self._held.get(url)
        if held is None or monotonic() - held[0] > KEPT:
            held = (monotonic(), self._ask("GET", url))
            self._held[url] = held
        return held[1]

    def _ask(self, method: str, url: str, **sent: Any) -> dict[str, Any]:
        try:
            answer = httpx.request(method, url, timeout=10.0, trust_env=False, **sent)
            if answer.status_code in (400, 401) and method == "POST":
                raise Denied("The identity provider refused the sign-in; try again.")
            answer.raise_for_status()
            if len(answer.content) > BYTES:
                raise Unavailable("The identity provider's answer is too long.")
            said = json.loads(answer.content)
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(f"The identity provider does not answer: {type(error).__name__}.") from error
        if not isinstance(said, dict):
            raise Unavailable("The identity provider's answer is no object.")
        return said


def load(rest: str, *, client: str, secret: str) -> Oidc:
    """Return the provider whose issuer is ``rest``."""
    return Oidc(rest, client, secret)
