"""What is said to a language model and what comes back; every provider's form is made from this.

Knows nothing of providers, prices or what an answer is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal, NamedTuple

Speaker = Literal["system", "user", "assistant"]
Origin = Literal["system", "tools", "history", "evidence", "question", "retry"]
"""Where words of a prompt come from, so that each token can be accounted for."""
Outcome = Literal["open", "done", "failed", "cancelled"]
"""``open``: under way, or its process was killed; it counts as what was expected of it."""


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has: one for each four bytes, which holds across scripts."""
    return -(-len(text.encode()) // 4)


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
    """How often it has been sent, with this time."""
    thread: str = ""
    """The trace of the conversation's first question, where it follows on one."""


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
    thread: str = ""
    """The trace of the conversation's first question, where it follows on one."""
    usage: Usage = Usage()
    estimated: bool = False
    """The tokens are estimated by length, for the provider did not count them."""
    origins: Mapping[Origin, int]
    """Input tokens by origin, estimated by length; they add up to the input."""
    cost: float | None = None
    """In dollars; None where the price is not known."""
    first: float | None = None
    """Seconds until the first characters came."""
    seconds: float = 0.0
    prefix: str = ""
    """Digest of the system part, by which a prefix that could have been cached is known."""
    cited: float | None = None
    """The share of its evidence that the answer cites; None where nobody said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """Sums over calls."""

    calls: int = 0
    unpriced: int = 0
    """Calls whose price is not known; they add nothing to ``cost``."""
    estimated: int = 0
    """Calls whose tokens are estimated."""
    cost: float = 0.0
    input: int = 0
    cached: int = 0
    stored: int = 0
    output: int = 0
    system: int = 0
    tools: int = 0
    history: int = 0
    evidence: int = 0
    question: int = 0
    retry: int = 0
    begun: int = 0
    """Calls that gave any output."""
    first: float = 0.0
    """Seconds until their first characters."""
    writing: float = 0.0
    """Seconds from there to their ends."""

    @classmethod
    def on(cls, call: Call) -> "Spent":
        """Return what one call adds."""
        usage = {name: getattr(call.usage, name) for name in ("input", "cached", "stored", "output")}
        return cls(
            calls=1,
            unpriced=int(call.cost is None),
            estimated=int(call.estimated),
            cost=0.0 if call.cost is None else call.cost,
            begun=int(call.first is not None),
            first=0.0 if call.first is None else call.first,
            writing=0.0 if call.first is None else call.seconds - call.first,
            **usage,
            **{str(origin): tokens for origin, tokens in call.origins.items()},
        )

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(Spent)})

    @property
    def tokens(self) -> int:
        """Return all tokens, read and written."""
        return self.input + self.output
