"""The check of a citation by a program: what is quoted must stand in the evidence.

Knows nothing of who wrote the claim, so that it judges extracts and written answers alike.
"""

import unicodedata

from cairn.types import Verdict


def verdict(quote: str, text: str) -> Verdict:
    """Return whether ``quote`` stands in ``text``, whatever its blanks, case and quotation marks."""
    return "supported" if quote.strip() and _plain(quote) in _plain(text) else "not found"


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    for curly, straight in (("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"'), ("–", "-"), ("—", "-")):
        folded = folded.replace(curly, straight)
    return " ".join(folded.split())
