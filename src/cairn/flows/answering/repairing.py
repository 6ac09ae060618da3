"""What did not pass the check, written anew once.

A corrected sentence takes the place of the former if it passes; whatever else comes back is left aside.
"""

import asyncio
import re
from dataclasses import replace

from cairn.chat import Part, Prompt
from cairn.errors import ModelFailed, OverBudget
from cairn.flows.answering.drafting import Drafted, Judge, Tell, numbered, whole
from cairn.flows.answering.prompting import Template
from cairn.flows.answering.sentences import Sentences
from cairn.protocols import Chat
from cairn.trace import span
from cairn.types import Claim

_LINE = re.compile(r"^\s*(\d+)[.):]\s+(.*)$", re.MULTILINE)


async def repaired(
    draft: Drafted, prompt: Prompt, template: Template, chat: Chat, judge: Judge, tell: Tell
) -> Drafted:
    """Return the draft with its failed claims corrected where that passes; a model may fail."""
    failed = [claim for claim in draft.claims if claim.verdict != "supported"]
    if not failed:
        return draft
    with span("repair", prompt=template.version, failed=len(failed)) as step:
        try:
            said = await whole(chat, _prompt(draft, prompt, template, failed))
        except (ModelFailed, OverBudget) as error:
            step.set_attribute("error", type(error).__name__)
            return draft
        better = await asyncio.to_thread(_corrected, said, failed, judge)
        step.set_attribute("repaired", len(better))
    for claim in numbered([one for claims in better.values() for one in claims]):
        tell("claim", claim)
    numbers = iter(range(1, len(failed) + 1))
    claims = tuple(
        one
        for claim in draft.claims
        for one in ([claim] if claim.verdict == "supported" else better.get(next(numbers), [claim]))
    )
    return replace(draft, claims=claims)


def _prompt(draft: Drafted, prompt: Prompt, template: Template, failed: list[Claim]) -> Prompt:
    """Continue the conversation, so that all before stays what the provider has read already."""
    listed = "\n".join(f"{n}. {claim.text} ({claim.reason})" for n, claim in enumerate(failed, 1))
    said = (Part("assistant", "retry", draft.text), *template.filled(failed=listed))
    return replace(prompt, parts=(*prompt.parts, *said), purpose="repair", version=template.version)


def _corrected(said: str, failed: list[Claim], judge: Judge) -> dict[int, list[Claim]]:
    """Return by number the claims of each corrected sentence that pass, where all of them do."""
    found: dict[int, list[Claim]] = {}
    for number, line in _LINE.findall(said):
        collected = Sentences()
        claims = [judge(one) for one in (*collected.feed(line), *collected.end())]
        if 1 <= int(number) <= len(failed) and claims:
            passing = [claim for claim in claims if claim is not None and claim.verdict == "supported"]
            if len(passing) == len(claims):
                found[int(number)] = passing
    return found
