"""The check of a citation by a program: what is quoted must stand in the evidence.

Knows nothing of who wrote the claim, so that it judges extracts and written answers alike.
"""

import unicodedata

from cairn.types import Verdict


def verdict(quote: str, text: str) -> Verdict:
    """Return whether ``quote`` stands in ``text``, whatever its blanks, case and quotation marks."""
    return "supported" if quote.strip() and plain(quote) in plain(text) else "not found"


def plain(text: str) -> str:
    """Return a text without what may differ in a quotation: blanks, case, the form of quotation marks."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    for curly, straight in (("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"'), ("–", "-"), ("—", "-")):
        folded = folded.replace(curly, straight)
    return " ".join(folded.split())
