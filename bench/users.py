"""Users who do everything a server offers, now and then, side by side; and what came of it.

Two thirds of them search and ask; some bring files, look documents up, open pages, or go away before they
are answered. Knows nothing of what is measured meanwhile.
"""

import json
import random
import threading
from collections import Counter

from bench.corpus import Corpus
from bench.served import Answered, Client, Server, cookie, tokens
from cairn.access import OWNER

PEOPLE = (OWNER, "third", "third", "few", "few", "one", "one")
"""Those with tokens; the eighth is the owner's browser."""
PACE = 2.0
"""Mean seconds between two things somebody does."""
WAYS = {
    "search": 40,
    "ask": 25,
    "document": 10,
    "documents": 8,
    "leave": 10,
    "status": 4,
    "history": 4,
    "trace": 4,
}
"""How likely each is."""
WRITES = {OWNER: {"upload": 25}, "third": {"upload": 25}, "browser": {"page": 60}}
PAGES = (
    "/",
    "/library",
    "/library/d62",
    "/history",
    "/access",
    "/access?who=third",
    "/system",
    "/measure",
)
NAMES = 100
"""Of the files somebody brings; what has the name of another is its next version."""


class Users:
    """Those who use one server until they are told to stop; counts what they do."""

    def __init__(self, server: Server, given: Corpus) -> None:
        self._server = server
        self._questions = given.queries
        self._groups = [f"group:{number}" for number in given.readers["third"].classes.tolist()]
        self._stopped = threading.Event()
        self.done: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        """What should not have been answered so."""
        self.sent: dict[str, str] = {}
        self.kept: dict[str, str] = {}
        """The first lines of uploads, by their uri: as they were sent last, and acknowledged last."""
        self.audited: list[str] = []
        """Traces of what was answered and leaves an entry in the audit."""
        shown = zip(PEOPLE, tokens(server.home, PEOPLE), strict=True)
        self._threads = [
            threading.Thread(target=self._use, args=(number, *one), daemon=True)
            for number, one in enumerate([*shown, ("browser", cookie(server))])
        ]

    def begin(self) -> None:
        """Let them come."""
        for each in self._threads:
            each.start()

    def stop(self, *, wait: bool = True) -> None:
        """Let them end what they do, or leave it at once; what fails from now on is not counted."""
        self._stopped.set()
        for each in self._threads if wait else ():
            each.join()

    def _use(self, number: int, person: str, shown: dict[str, str]) -> None:
        chance = random.Random(number)
        client = Client(self._server.port, **shown)
        ways = WAYS | WRITES.get(person, {})
        while not self._stopped.wait(chance.expovariate(1 / PACE)):
            kind = chance.choices(list(ways), list(ways.values()))[0]
            try:
                self._do(kind, client, chance, f"{number}")
                self.done[kind] += 1
            except Exception as error:
                if not self._stopped.is_set():
                    self.wrong[f"{kind} by {person}: {type(error).__name__}: {error}"] += 1
            client.close()  # the server does not wait for long whether there is more

    def _do(self, kind: str, client: Client, chance: random.Random, own: str) -> None:
        question = chance.choice(self._questions).text
        match kind:
            case "search":
                self._checked(client.ask("search", query=question))
            case "ask":
                self._checked(client.ask("ask", question=question))
            case "documents":
                self._checked(client.ask("documents", before=chance.randint(100, 8000)))
            case "status" | "history":
                self._checked(client.ask("history.list" if kind == "history" else "status"), audited=False)
            case "leave":
                client.leave("ask", chance.choice([0.0, 0.02, 0.1]), question=question)
            case "document" | "trace":
                self._look_up(kind, client, question)
            case "upload":
                self._bring(client, chance, f"note-{own}-{chance.randrange(NAMES)}.md")
            case "page":
                self._checked(client.get(chance.choice(PAGES)), audited=False)

    def _look_up(self, kind: str, client: Client, question: str) -> None:
        found = json.loads(self._checked(client.ask("search", query=question)).body)
        if kind == "trace":
            self._checked(client.ask("trace", id=found["trace"]))
        elif found["evidence"]:
            self._checked(client.ask("document", name=f"d{found['evidence'][0]['document']}"))

    def _bring(self, client: Client, chance: random.Random, name: str) -> None:
        first = f"Note {chance.random()}"
        words = ". ".join(one.text for one in chance.choices(self._questions, k=40))
        self.sent[name] = first
        content = f"# {first}\n\n{words}.\n".encode()
        self._checked(client.put(f"/v1/uploads/{name}?allow={chance.choice(self._groups)}", content), 202)
        self.kept[name] = first

    def _checked(self, answer: Answered, wanted: int = 200, *, audited: bool = True) -> Answered:
        if answer.status != wanted:
            raise ValueError(f"{answer.status} {answer.body[:200]!r}")
        if audited:
            self.audited.append(answer.trace)
        return answer
