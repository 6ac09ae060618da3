"""Text made safe for a terminal: what a document or a file's name says controls nothing there."""

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """Return text with every control character but tab and newline spelt out."""
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)
