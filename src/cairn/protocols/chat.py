"""What written answers ask of adapters: a language model, and whether one text follows from another."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING, Protocol

from cairn.chat import Event, Prompt

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Chat(Protocol):
    """A language model; what wraps one (retries, fallback, accounts) is one."""

    @property
    def name(self) -> str:
        """Return its name as configured: ``ollama:qwen3``."""
        ...

    def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
        """Yield the output as it comes, and ``Done`` last; closing it early cancels the request.

        Raises ModelFailed when there is no whole output.
        """
        ...


class Entailment(Protocol):
    """Judges whether a premise supports a statement; thread-safe."""

    name: str

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Return, for (premise, statement) pairs, the probabilities of support and contradiction: (n, 2)."""
        ...
