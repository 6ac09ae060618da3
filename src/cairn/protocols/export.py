"""What a report asks of adapters: a file format to be written in."""

from typing import Protocol

from cairn.results.reports import Printed


class Export(Protocol):
    """A file format; thread-safe."""

    media_type: str
    suffix: str
    """Of a file's name, with its dot."""

    def render(self, printed: Printed) -> bytes:
        """Return the file."""
        ...
