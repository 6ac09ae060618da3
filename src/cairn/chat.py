"""What is said to a language model and what comes back; every provider's form is made from this.

Knows nothing of providers, prices or what an answer is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

Speaker = Literal["system", "user", "assistant"]
Origin = Literal["system", "tools", "history", "evidence", "question", "retry"]
"""Where words of a prompt come from, so that each token can be accounted for."""
Outcome = Literal["done", "failed", "cancelled"]


class Part(NamedTuple):
    """A stretch of a prompt; neighbours of one speaker are one message."""

    speaker: Speaker
    origin: Origin
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """One request to a model. What stays the same from call to call stands first, for providers' caches."""

    parts: tuple[Part, ...]
    purpose: str
    """What for: ``answer``, ``rewrite``, ``repair``, ``judge``, ``plan`` ..."""
    version: str
    """The prompt's name and version: ``answer@1``."""
    asker: str
    """Who answers for its cost."""
    schema: Mapping[str, Any] | None = None
    """The JSON schema that the output must satisfy; None for plain text."""
    most: int = 2_000
    """Tokens of output, at most."""
    attempt: int = 1
    """Which try at the same request this is; whoever retries counts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Tokens of one call as the provider counted them."""

    input: int = 0
    """All that was read, cached or not."""
    cached: int = 0
    """Of the input, what was read from the provider's cache."""
    stored: int = 0
    """Of the input, what was written to it."""
    output: int = 0


class Delta(NamedTuple):
    """The next few characters of the output."""

    text: str


class Done(NamedTuple):
    """The end of an output, said once and last."""

    usage: Usage
    model: str
    """The model that wrote, as its provider names it."""
    cut: bool = False
    """The output ended at the limit of tokens and is not whole."""


Event = Delta | Done


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """What one request to a provider came to, successful or not; a retry is a call of its own."""

    trace: str
    at: datetime
    asker: str
    model: str
    """As configured: ``openai:gpt-5``."""
    purpose: str
    version: str
    outcome: Outcome
    reason: str = ""
    """Why it failed, without anything that was said."""
    attempt: int = 1
    usage: Usage = Usage()
    origins: Mapping[Origin, int]
    """Input tokens by origin, estimated by length; they add up to the input."""
    cost: float | None = None
    """In dollars; None where the price is not known."""
    first: float | None = None
    """Seconds until the first characters came."""
    seconds: float = 0.0
    prefix: str = ""
    """Digest of the system part, by which a prefix that could have been cached is known."""
