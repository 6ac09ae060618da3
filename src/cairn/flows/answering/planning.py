"""A question that is several: what has to be looked up one by one, told by a model where it looks needed.

Knows nothing of evidence. What cannot be divided stays as it is.
"""

import re

from cairn.chat import Prompt
from cairn.errors import ModelFailed, OverBudget
from cairn.flows.answering.drafting import whole
from cairn.flows.answering.prompting import Prompts
from cairn.protocols import Chat
from cairn.trace import span

MOST = 3
"""Questions that one is divided into."""
LONGEST = 300
"""Characters of each."""
WORDS = 30
"""From so many words on a question is looked at."""

_SEVERAL = re.compile(
    r"\?.*\?|\b(?:compare[sd]?|comparison|differ(?:s|ence|ences)?|versus|vs|both|respectively|vergleich\w*|unterschied\w*"
    r"|différences?|comparez)\b|\b(?:and|und|et|y|e)\s+(?:who|what|when|where|why|how|which|wer|was|wann|wo|wie|warum"
    r"|welche[rs]?|qui|que|quand|où|comment|pourquoi|combien|quién|qué|cuándo|dónde|cómo)\b",
    re.IGNORECASE | re.DOTALL,
)
_ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)])?\s*")


def several(question: str) -> bool:
    """Tell whether a question looks like more than one."""
    return _SEVERAL.search(question) is not None or len(question.split()) >= WORDS


async def divided(question: str, chat: Chat, prompts: Prompts, asker: str, thread: str) -> tuple[str, ...]:
    """Return at most MOST questions to look up for this one; none where it is one."""
    if not several(question):
        return ()
    template = prompts["plan"]
    prompt = Prompt(
        parts=template.filled(question=question),
        purpose="plan",
        version=template.version,
        asker=asker,
        most=300,
        thread=thread,
    )
    with span("plan", prompt=template.version) as step:
        try:
            said = await whole(chat, prompt)
        except (ModelFailed, OverBudget) as error:  # less well looked up is no reason to answer nothing
            step.set_attribute("error", type(error).__name__)
            return ()
        lines = [_ITEM.sub("", line).strip() for line in said.splitlines()]
        found = tuple(dict.fromkeys(line for line in lines if line and len(line) <= LONGEST))[:MOST]
        step.set_attribute("questions", len(found))
    return found if len(found) > 1 else ()
