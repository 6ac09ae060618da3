"""A second opinion on what the program finds supported, by a language model.

It may take support away, never give it: what a program found wrong stays wrong, whatever a model says.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cairn.chat import Prompt
from cairn.errors import ModelFailed, OverBudget
from cairn.flows.answering.drafting import whole
from cairn.flows.answering.fencing import fenced, mark
from cairn.flows.answering.prompting import Prompts
from cairn.protocols import Chat
from cairn.types import Claim, Evidence

MOST = 200
"""Tokens of an opinion."""
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "verdict": {"type": "string", "enum": ["supported", "not supported", "contradicted"]},
        "reason": {"type": "string"},
    },
    "required": ["verdict", "reason"],
    "additionalProperties": False,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SecondOpinion:
    """A language model that is asked about claims which passed the check."""

    chat: Chat
    prompts: Prompts
    asker: str

    async def __call__(self, claim: Claim, cited: Sequence[Evidence]) -> Claim:
        """Return the claim as it is, or without its support.

        A model that fails, or answers in another form, changes nothing: the program's verdict stands.
        """
        try:
            opinion = _read(await whole(self.chat, self._prompt(claim.text, cited)))
        except (ModelFailed, OverBudget):
            return claim
        if opinion is None or opinion[0] == "supported":
            return claim
        verdict, reason = opinion
        return replace(
            claim,
            verdict="contradicted" if verdict == "contradicted" else "not found",
            reason=f"{self.chat.name} does not find it supported: {reason}",
        )

    def _prompt(self, statement: str, cited: Sequence[Evidence]) -> Prompt:
        fence = mark([one.text for one in cited])
        shown = [(f"e{number}", one, one.text) for number, one in enumerate(cited, 1)]
        template = self.prompts["judge"]
        return Prompt(
            parts=template.filled(fence=fence, evidence=fenced(shown, fence), statement=statement),
            purpose="judge",
            version=template.version,
            asker=self.asker,
            schema=SCHEMA,
            most=MOST,
        )


def _read(written: str) -> tuple[str, str] | None:
    """Return verdict and reason; None for anything but what was asked for."""
    try:
        opinion = json.loads(written)
        verdict, reason = opinion["verdict"], opinion["reason"]
    except (ValueError, TypeError, KeyError):
        return None
    if verdict not in SCHEMA["properties"]["verdict"]["enum"] or not isinstance(reason, str):
        return None
    return verdict, reason
