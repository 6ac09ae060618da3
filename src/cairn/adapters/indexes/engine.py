"""What goes wrong in Tantivy, as errors that a person can mend.

Knows nothing of what was asked or written.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from cairn.errors import Busy, Storage


def is_panic(error: BaseException) -> bool:
    """Tell whether the engine broke off; what it raises then is no Exception and has no public name."""
    return type(error).__name__ == "PanicException"


@contextlib.contextmanager
def undamaged(path: Path) -> Iterator[None]:
    """Raise Storage where the engine stumbles over what it reads."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, ValueError) and not is_panic(error):
            raise
        raise Storage(f"The index in {path} is damaged; mend it with: cairn verify --repair") from error


@contextlib.contextmanager
def storing(path: Path) -> Iterator[None]:
    """Raise Busy or Storage where the engine cannot write."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise refused(path, error) from error


def refused(path: Path, error: Exception) -> Busy | Storage:
    """Return why the engine cannot write, with the way out."""
    if "LockBusy" in str(error):
        return Busy(f"Another process is writing the index in {path}; try again when it has ended.")
    return Storage(
        f"The index in {path} could not be written ({error}); free space or mend access and try again."
    )
