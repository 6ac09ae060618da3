"""The memory of a process and its children, read from /proc; what takes too long is ended."""

import subprocess
import threading
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

EVERY = 0.2


class Watched:
    """Watches a process until it ends; kills it after ``seconds``."""

    def __init__(self, process: "subprocess.Popen[str]", seconds: float) -> None:
        self._process = process
        self._until = monotonic() + seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peak = 0
        """Bytes resident, files that are mapped included."""
        self.stopped = False

    def now(self) -> dict[str, int]:
        """Return bytes resident, and of these what is no file's."""
        total = {"VmRSS": 0, "RssAnon": 0}
        for pid in _family(self._process.pid):
            for line in _status(pid):
                name, _, value = line.partition(":")
                if name in total:
                    total[name] += int(value.split()[0]) * 1024
        return {"resident": total["VmRSS"], "anonymous": total["RssAnon"]}

    def _watch(self) -> None:
        while not self._ended.wait(EVERY):
            self.peak = max(self.peak, self.now()["resident"])
            if monotonic() > self._until:
                self.stopped = True
                self._process.kill()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.wait()
        self._ended.set()
        self._thread.join()


def _family(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        try:
            for task in Path(f"/proc/{each}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue  # it has just ended
    return found


def _status(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return []
