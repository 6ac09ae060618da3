"""One writer at a time, by a lock on a file that ends with its process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cairn.errors import Busy, Storage


@contextmanager
def locked_file(path: Path) -> Iterator[None]:
    """Hold a lock that ends with the process, however that ends."""
    try:
        opened = path.open("a+")
    except OSError as error:
        raise Storage(f"This library cannot be written: {path}: {error.strerror}.") from error
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            writer = file.read().strip()
            raise Busy(
                f"Another process ({writer}) is writing this library; wait for it or stop it."
            ) from None
        with suppress(OSError):  # no room: nobody is told who writes, and that is all
            os.ftruncate(file.fileno(), 0)
            os.write(file.fileno(), f"process {os.getpid()}".encode())
        yield
