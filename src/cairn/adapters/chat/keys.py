"""The keys of providers: from the environment, or from a file that nobody else may read.

A key goes to its provider and nowhere else: it is in no setting, message or name.
"""

from collections.abc import Mapping
from pathlib import Path

from cairn.errors import Invalid


def find(variable: str, file: str, environment: Mapping[str, str]) -> str:
    """Return the key that goes by ``variable``, or nothing; the environment comes before the ``file``.

    The file has lines ``OPENAI_API_KEY=...``. Raises Invalid when it cannot be read, or by too many.
    """
    found = environment.get(variable, "")
    if not found and file:
        found = _read(Path(file), environment).get(variable, "")
    return found.strip()


def _read(path: Path, environment: Mapping[str, str]) -> dict[str, str]:
    try:
        mode = path.stat().st_mode
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Invalid(f"chat_key_file = {str(path)!r} cannot be read: {why}.") from None
    # systemd opens a credential to its service by a list of its own, which shows as bits of the group.
    handed = environment.get("CREDENTIALS_DIRECTORY")
    if mode & 0o077 and not (handed and path.is_relative_to(handed)):
        raise Invalid(f"chat_key_file = {str(path)!r} may be read by others; chmod 600 {path}")
    pairs = (line.partition("=") for line in lines if line.strip() and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}
