"""Does a sentence state something at all? What leads in, asks or greets is not held to evidence."""

import re

from cairn.flows.answering.words import terms

_CITED = re.compile(r"\[e?\d+\]")
_LEADS = re.compile(
    r"(?:here (?:is|are)|sure|certainly|of course|in summary[,.]?$|based on the (?:evidence|documents)[,.]?$"
    r"|i (?:hope|could|can|cannot|do not)|let me|please)\b.{0,60}$",
    re.IGNORECASE,
)


def states(text: str) -> bool:
    """Tell whether a sentence states something that can be checked: no heading, question or lead-in."""
    bare = _CITED.sub("", text).strip().strip("*_#>- ")
    if not bare or bare.endswith((":", "?", "：", "？")):
        return False
    return bool(terms(bare)) and _LEADS.match(bare) is None
