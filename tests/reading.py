"""Documents read in the test's own process, for tests of what comes after: a parse process takes a second."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cairn import processes, settings
from cairn.errors import ParseFailed
from cairn.flows.ingest import workers


class _Here:
    """Stands for the pool of parse processes of a library."""

    size = 1

    def __init__(self, home: Path) -> None:
        self._reader = processes.reader(home, settings.read(home))

    async def ask(self, message: workers.Message) -> workers.Message:
        answer: workers.Message = json.loads(json.dumps(self._reader.answer(message)))
        if "failed" in answer:
            raise ParseFailed(answer["failed"])
        return answer


@asynccontextmanager
async def _pool(command: Sequence[str], *_: Any) -> AsyncIterator[_Here]:
    yield _Here(Path(command[-1]))


def reading_here() -> AbstractContextManager[object]:
    """Let documents be read in this process."""
    return patch.object(workers, "pool", _pool)
