"""Passwords hashed with Argon2id, by the parameters its authors recommend for servers (RFC 9106)."""

import argon2


class Argon2:
    """See ``cairn.protocols.Passwords``."""

    def __init__(self) -> None:
        self._hasher = argon2.PasswordHasher()

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except argon2.exceptions.VerificationError:
            return False


def load(rest: str) -> Argon2:
    """Return the hasher; it has no options."""
    return Argon2()
