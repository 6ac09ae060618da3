"""What can go wrong with a model server, by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """How one request goes; without arguments it goes well."""

    status: int = 200
    code: str = ""
    """Of the refusal, as OpenAI names it."""
    headers: Mapping[str, str] = field(default_factory=dict)
    first: float = 0.0
    """Seconds before anything is said."""
    gap: float = 0.0
    """Seconds between two words."""
    after: int | None = None
    """Words after which ``then`` happens."""
    then: Literal["end", "drop", "stall", "garbage", "error"] = "end"
    type: str = ""
    """Another content type than is right."""
    empty: bool = False
    """Nothing is written, in perfect order."""
    cut: int | None = None
    """So many words, then the limit of tokens."""


NONE = Trouble()

REFUSALS = {
    str(status): Trouble(status=status) for status in (400, 401, 403, 404, 413, 500, 502, 503, 504, 529)
} | {
    "429": Trouble(status=429, headers={"Retry-After": "1"}),
    "429 insufficient_quota": Trouble(status=429, code="insufficient_quota"),
    "400 context_length_exceeded": Trouble(status=400, code="context_length_exceeded"),
}
"""Before anything is said."""

BROKEN = {
    "truncated before the first word": Trouble(after=0),
    "truncated": Trouble(after=3),
    "dropped before the first word": Trouble(after=0, then="drop"),
    "dropped": Trouble(after=3, then="drop"),
    "malformed before the first word": Trouble(after=0, then="garbage"),
    "malformed": Trouble(after=3, then="garbage"),
    "error in the stream": Trouble(after=3, then="error"),
    "wrong content type": Trouble(type="text/html", after=0),
    "empty": Trouble(empty=True),
}
"""After a good beginning of the response."""

STALLED = {
    "never begins": Trouble(first=3600),
    "stalls before the first word": Trouble(after=0, then="stall"),
    "stalls": Trouble(after=3, then="stall"),
    "one word an hour": Trouble(gap=3600),
}
"""Only a clock ends these."""
