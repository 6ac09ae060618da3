"""The server under load, over HTTP with sign-in and audit: how fast, for how long, and killed.

    python -m bench.load speed          # search and ask by 1 and by 8 users, in a hurry or reading
    python -m bench.load soak 30        # so many minutes of everything at once: errors, memory
    python -m bench.load kill 5         # so often killed under load: seconds to ready, what is lost

Each works on a copy of a library of 100,000 passages ($CAIRN_BENCH_SIZE), made on first use.
"""

import json
import os
import random
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from itertools import count, islice, product
from pathlib import Path
from signal import SIGKILL
from typing import NamedTuple

import numpy as np

from bench.corpus import QUERIES, corpus
from bench.served import Answered, Client, Server, library, serving, tokens
from bench.users import Users
from cairn.access import OWNER
from cairn.session import open_library

SIZE = int(os.environ.get("CAIRN_BENCH_SIZE", "100000"))
USERS = 8
SECONDS = 12.0
"""Of each row of the table of speeds, after some seconds of warm-up."""
READING = (1.0, 5.0)
"""Seconds for which users who read look at an answer before they ask again."""
READ = 90.0
"""Seconds of a row of users who read."""
WARM_UP = 3.0
ASKED = 2_000
"""Questions prepared for a row, more than can be answered within it."""
SAMPLE = 15.0
"""Seconds between two looks at the memory of a soak."""
PATIENCE = 60.0
"""Seconds within which what was uploaded is read after a kill."""
UNDER_LOAD = (5.0, 15.0)
"""Seconds after which a server is killed, at least and at most."""


def main() -> None:
    """Do what is asked for."""
    what, *rest = sys.argv[1:]
    ways: dict[str, Callable[..., None]] = {"speed": speed, "soak": soak, "kill": kill}
    home = library(SIZE)
    try:
        ways[what](home, *rest)
    finally:
        shutil.rmtree(home)


class Speed(NamedTuple):
    """Of many requests: their seconds, those spent outside of the operation itself, and the server's."""

    took: list[float]
    around: list[float]
    processor: float
    seconds: float
    """For how long they were made."""


def speed(home: Path, *only: str) -> None:
    """Print how long a question takes, as who asks sees it; ``ask third 8 read`` is one row.

    In milliseconds; ``machine`` is what a million additions take meanwhile.
    """
    print("| | person | users | they | p50 ms | p95 ms | a second | processor | around it, p50 | machine |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    ways = ((1, False), (USERS, False), (USERS, True))
    given, numbers = corpus(SIZE), count(QUERIES)
    with serving(home) as server:
        for operation, person, (users, read) in product(("search", "ask"), (OWNER, "third", "few"), ways):
            they = "read" if read else "hurry"
            if {operation, person, str(users), they} >= set(only):
                # No question is asked twice: a server keeps what it found.
                warm = [given.query(number) for number in islice(numbers, ASKED)]
                asked = [given.query(number) for number in islice(numbers, ASKED)]
                _asked(server, operation, person, users, warm, WARM_UP)
                before = _pace()
                found = _asked(server, operation, person, users, asked, READ if read else SECONDS, read=read)
                told = f"{_told(found)} | {(before + _pace()) / 2:.0f}"
                print(f"| {operation} | {person} | {users} | {they} | {told} |", flush=True)


def _pace() -> float:
    """Return the milliseconds that a million additions take: how fast the machine is at this moment."""
    began = time.perf_counter()
    total = 0
    for each in range(1_000_000):
        total += each
    return (time.perf_counter() - began) * 1e3


def _told(found: Speed) -> str:
    middle, worst = np.percentile(found.took, [50, 95]) * 1e3
    around = np.percentile(found.around, 50) * 1e3
    many, each = len(found.took) / found.seconds, found.processor / len(found.took) * 1e3
    return f"{middle:.1f} | {worst:.1f} | {many:.1f} | {each:.1f} | {around:.1f}"


def _asked(
    server: Server,
    operation: str,
    person: str,
    users: int,
    questions: list[str],
    seconds: float,
    *,
    read: bool = False,
) -> Speed:
    """Let so many users ask these questions for so long, and ``read`` each answer or not."""
    given = "question" if operation == "ask" else "query"
    answers: list[Answered] = []
    before, until = server.processor(), time.perf_counter() + seconds

    def use(client: Client) -> None:
        with closing(client):
            while time.perf_counter() < until:
                if read:
                    time.sleep(random.uniform(*READING))
                answers.append(client.ask(operation, **{given: questions.pop()}))

    clients = [Client(server.port, **shown) for shown in tokens(server.home, [person] * users)]
    threads = [threading.Thread(target=use, args=(client,)) for client in clients]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert all(one.status == 200 for one in answers), Counter(one.status for one in answers)
    around = [one.seconds - json.loads(one.body)["seconds"] for one in answers]
    return Speed([one.seconds for one in answers], around, server.processor() - before, seconds)


def soak(home: Path, minutes: str) -> None:
    """Print what memory there is meanwhile, then what was done and whether it was flat."""
    print("| minutes | done | errors | resident MB | its own | pages of files |")
    print("|---|---|---|---|---|---|")
    own: list[float] = []
    with serving(home) as server:
        users, began = Users(server, corpus(SIZE)), time.monotonic()
        users.begin()
        while (passed := (time.monotonic() - began) / 60) < float(minutes):
            time.sleep(SAMPLE)
            held = server.memory()
            own.append(held["RssAnon"])
            told = " | ".join(f"{value:.0f}" for value in held.values())
            print(f"| {passed:.1f} | {users.done.total():,} | {users.wrong.total()} | {told} |", flush=True)
        users.stop()
    late = own[len(own) // 3 :]
    differs = (max(late) - min(late)) / (max(late) + min(late))
    print(f"\n{dict(users.done)}; errors: {dict(users.wrong) if users.wrong else 'none'}")
    print(f"its own memory in the last two thirds: {min(late):.0f} to {max(late):.0f} MB, ±{differs:.1%}")


def kill(home: Path, times: str) -> None:
    """Print how long it takes to be ready again, and what was acknowledged and is not there."""
    print("| killed after s | uploads | entries of the audit | ready s | processor s | lost | the chain |")
    print("|---|---|---|---|---|---|---|")
    for number in range(int(times)):
        after = random.Random(number).uniform(*UNDER_LOAD)
        server = Server(home)
        users = Users(server, corpus(SIZE))
        users.begin()
        time.sleep(after)
        users.stop(wait=False)
        server.end(SIGKILL)
        kept, audited = dict(users.kept), list(users.audited)
        with serving(home) as again, closing(Client(again.port, **tokens(home, [OWNER])[0])) as owner:
            started = again.processor()
            lost = [*_lost(owner, kept, users.sent), *_unaudited(home, audited)]
            chain = json.loads(owner.ask("audit.verify").body)["missed"]
        counts = f"{len(kept)} | {len(audited)} | {again.ready:.2f} | {started:.2f}"
        print(
            f"| {after:.1f} | {counts} | {lost if lost else 'nothing'} | {chain if chain else 'holds'} |",
            flush=True,
        )


def _lost(owner: Client, kept: dict[str, str], sent: dict[str, str]) -> list[str]:
    """Return which uploads that were acknowledged are not read soon, nor a later one of the name."""
    until = time.monotonic() + PATIENCE
    missing = list(kept)
    while missing and time.monotonic() < until:
        missing = [name for name in missing if not {kept[name], sent[name]} & _headings(owner, name)]
        time.sleep(0.5)
    return missing


def _headings(owner: Client, name: str) -> set[str]:
    """Return what stands first in the documents of this name."""
    listed = json.loads(owner.ask("documents", holding=name).body)["documents"]
    return {one["title"] for one in listed if one["state"] == "indexed"}


def _unaudited(home: Path, traces: list[str]) -> list[str]:
    """Return the traces of what was answered without an entry."""
    with open_library(home) as session:
        entries = session.app.journal.ledger.after(0, sys.maxsize)
    return sorted(set(traces) - {one.entry.trace for one in entries})


if __name__ == "__main__":
    main()
