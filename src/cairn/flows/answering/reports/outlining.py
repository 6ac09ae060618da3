"""What a report is to tell, planned by a language model: the questions that its sections answer.

Knows nothing of answers. What is planned is asked of the documents as anything else is.
"""

import json
from collections.abc import Sequence

from cairn.chat import Prompt
from cairn.errors import ModelFailed
from cairn.flows.answering.drafting import whole
from cairn.flows.answering.fencing import mark, neutral
from cairn.flows.answering.prompting import Prompts
from cairn.flows.answering.reports.plan import Topic, named
from cairn.protocols import Chat

SCHEMA = {
    "type": "object",
    "properties": {"questions": {"type": "array", "items": {"type": "string"}, "minItems": 3, "maxItems": 8}},
    "required": ["questions"],
    "additionalProperties": False,
}
WRITTEN = 1_000
"""Tokens of a plan, at most."""


async def outlined(
    question: str, headings: Sequence[Topic], chat: Chat, prompts: Prompts, asker: str
) -> list[Topic]:
    """Return what to ask of the documents; raises ModelFailed where there is no plan that can be read."""
    template = prompts["outline"]
    listed = neutral("\n".join(topic.title for topic in headings))
    fence = mark([listed])
    prompt = Prompt(
        parts=template.filled(fence=fence, headings=f"{fence}\n{listed}\n{fence}", question=question),
        purpose="plan",
        version=template.version,
        asker=asker,
        schema=SCHEMA,
        most=WRITTEN,
    )
    topics = named(_questions(await whole(chat, prompt)))
    if not topics:
        raise ModelFailed(f"{chat.name} made no plan that could be read.")
    return topics


def _questions(said: str) -> list[str]:
    """Return the questions of a plan as it was written, whatever stands around it."""
    try:
        made = json.loads(said[said.find("{") : said.rfind("}") + 1])
    except ValueError:
        return []
    listed = made.get("questions") if isinstance(made, dict) else None
    return [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
