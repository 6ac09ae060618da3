"""A million calls of language models: what one more costs, and each look at the accounts.

    python -m bench.accounts [CALLS]     # 1,000,000

Makes the accounts of 1,000 people over 90 days, then prints milliseconds (medians).
"""

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import text

from cairn.adapters.journal.accounts import KEYS, SUMS, SqlAccounts, _since, _values
from cairn.adapters.journal.database import SERVICE, Database, open_sqlite
from cairn.adapters.journal.service import SERVING, calls
from cairn.chat import Call, Usage
from cairn.flows.gateway.budgets import Budgets

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
DAYS = 90
PEOPLE = 1_000
MODELS = ("openai:gpt-5", "openai:gpt-5-mini", "anthropic:claude-sonnet-5", "ollama:qwen3")
PURPOSES = ("rewrite", "answer", "answer", "repair", "judge")
BUDGETS = "person $9 a day, person 90000000 tokens a month, all $90000 a day, all $900000 a month"
STEP = 50_000
RUNS = 15


def main(many: int) -> None:
    """Make the accounts, look at them, print the table."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_sqlite(Path(folder) / SERVICE, SERVING, synchronous="NORMAL", cache_kib=8_192)
        _fill(database, many)
        accounts = SqlAccounts(database)
        size = (Path(folder) / SERVICE).stat().st_size / 1e6
        print(
            f"{many:,} calls of {PEOPLE:,} people in {DAYS} days, {size:,.0f} MB\n\n| what | ms |\n|---|---|"
        )
        print(f"| four budgets asked | {_median(partial(_asked, database)):.1f} |")
        for name, look in _looks(accounts):
            print(f"| {name} | {_median(look):.1f} |")
        database.close()


def _asked(database: Database) -> None:
    with database.read() as connection:
        Budgets(BUDGETS).check(_call(random.Random(1), 0), partial(_since, connection))


def _looks(accounts: SqlAccounts) -> Iterator[tuple[str, Callable[[], Any]]]:
    call = _call(random.Random(1), 0)
    check = partial(Budgets(BUDGETS).check, call)
    numbers: list[int] = []
    yield "open a call: asked and written", lambda: numbers.append(accounts.open(call, check))
    yield "close it", lambda: accounts.close(numbers.pop(), call)
    month, whole = (NOW - timedelta(days=30)).date(), date(2026, 1, 1)
    for since, said in ((month, "30 days"), (whole, "90 days")):
        for by in ("day", "asker", "model", "purpose"):
            look = partial(accounts.spent, (by, "model"), since)
            yield f"{said} by {by}", look
        yield (
            f"{said}, the 50 dearest answers",
            partial(accounts.spent, ("trace", "model"), since, limit=50),
        )
        yield (
            f"{said}, one person's dearest",
            partial(accounts.spent, ("trace", "model"), since, asker="p1", limit=50),
        )
    yield "the newest 100,000 calls, read", partial(accounts.calls, NOW - timedelta(days=DAYS), NOW, 100_000)


def _median(look: Callable[[], Any]) -> float:
    taken = []
    for _ in range(RUNS):
        began = time.perf_counter()
        look()
        taken.append((time.perf_counter() - began) * 1000)
    return median(taken)


def _fill(database: Database, many: int) -> None:
    chance = random.Random(0)
    with database.write() as connection:
        for start in range(0, many, STEP):
            rows = [_values(_call(chance, n)) for n in range(start, min(start + STEP, many))]
            connection.execute(calls.insert(), rows)
        own = {"calls": "1", "unpriced": "cost IS NULL", "begun": "1", "writing": "seconds - first"}
        sums = ", ".join(f"sum({own.get(name, name)})" for name in SUMS)
        for asker, purpose in (("asker", "''"), ("''", "purpose")):
            keys = f"{asker}, day, model, {purpose}, outcome, iif(attempt > 1, 'again', '')"
            into = f"INSERT INTO spending ({', '.join((*KEYS, *SUMS))})"
            connection.execute(text(f"{into} SELECT {keys}, {sums} FROM calls GROUP BY {keys}"))


def _call(chance: random.Random, number: int) -> Call:
    read = chance.randrange(500, 8_000)
    person = int(PEOPLE * chance.random() ** 3)
    return Call(
        trace=f"{number // 3:032x}",
        at=NOW - timedelta(seconds=chance.randrange(1, DAYS * 86_400)),
        asker=f"p{person}",
        model=chance.choice(MODELS),
        purpose=chance.choice(PURPOSES),
        version="answer@1",
        outcome="failed" if chance.random() < 0.03 else "done",
        attempt=1 if chance.random() < 0.97 else 2,
        usage=Usage(input=read, output=chance.randrange(50, 900)),
        origins={"system": 400, "evidence": read - 450, "question": 50},
        cost=read / 1e6,
        first=0.4,
        seconds=3.0,
        prefix=f"{chance.randrange(5):032x}",
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
