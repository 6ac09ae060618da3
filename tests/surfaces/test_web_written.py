"""Answers that a language model writes, as somebody meets them in a real Chromium."""

import asyncio
import re
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Page, Route, expect
from tests.surfaces import test_web as pages
from tests.surfaces.test_web import QUESTION, QUOTE, ask, ask_further, faults, visiting

import cairn
from cairn import chat
from cairn.chat import Delta, Done, Prompt, Usage
from cairn.errors import ModelFailed
from cairn.surfaces.http.server import build

pytestmark = pages.pytestmark
browser, filled = pages.browser, pages.filled

WRONG = "The survey found 999 otters in the Valcombe delta."
PAUSE = "⏸"
"""Where the model waits until the test lets it go on."""


class Writer:
    """A model that writes what the test says, a few characters at a time."""

    name = "quill"

    def __init__(self) -> None:
        self.go = Event()
        self.asked: list[Prompt] = []
        self.says: Callable[[Prompt], str] = lambda prompt: ""

    async def stream(self, prompt: Prompt) -> AsyncIterator[chat.Event]:
        self.asked.append(prompt)
        said = self.says(prompt)
        for piece in re.findall(f"{PAUSE}|[^{PAUSE}]{{1,5}}", said):
            while piece == PAUSE and not self.go.is_set():
                await asyncio.sleep(0.01)
            if piece != PAUSE:
                yield Delta(piece)
        yield Done(Usage(input=1000, output=len(said)), self.name)


class Served:
    """A library that is served by this process, to which a written answer comes from ``writer``."""

    def __init__(self, url: str, writer: Writer) -> None:
        self.url = url
        self.writer = writer


@pytest.fixture
def served(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    shutil.copytree(filled, tmp_path / "library")
    for name, value in {**pages.SETTINGS, "CAIRN_UNSUPPORTED": "show"}.items():
        monkeypatch.setenv(name, value)
    writer = Writer()
    with socket.socket() as listening, cairn.open(tmp_path / "library", wire=False) as opened:
        listening.bind(("127.0.0.1", 0))
        app = replace(opened.app, patience=60.0)
        app.wire()
        app.__dict__["chats"] = {writer.name: writer, "other": writer}
        config = uvicorn.Config(build(app, "127.0.0.1"), log_config=None, lifespan="on")
        server = uvicorn.Server(config)
        running = Thread(target=server.run, args=([listening],))
        running.start()
        yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", writer)
        writer.go.set()
        server.should_exit = True
        running.join()
        app.close()


@pytest.fixture
def visit(served: Served, browser: Any) -> Iterator[Callable[..., Page]]:
    yield from visiting(served, browser)  # type: ignore[arg-type]


def citing(text: str, holding: str = QUOTE) -> Callable[[Prompt], str]:
    """Return what writes ``text``, with each ``[e]`` the label of the evidence that holds some words."""

    def says(prompt: Prompt) -> str:
        if prompt.purpose != "answer":
            return ""
        read = "\n".join(part.text for part in prompt.parts)
        shown = re.findall(r"<evidence \w+ (e\d+)>\n[^\n]*\n(.*?)\n</evidence", read, re.DOTALL)
        (label, *_) = [label for label, held in shown if holding in held]
        return text.replace("[e]", f"[{label}]")

    return says


def begin(page: Page, question: str) -> None:
    page.get_by_role("textbox", name="question").fill(question)
    page.keyboard.press("Enter")


def test_text_comes_at_once_and_each_sentence_is_marked_when_it_has_been_checked(
    visit: Any, served: Served
) -> None:
    served.writer.says = citing(f"{QUOTE} [e] {WRONG[:20]}{PAUSE}{WRONG[20:]} [e]")
    page = visit("amina")
    begin(page, QUESTION)
    claim = page.locator(".answer .claim")
    expect(claim).to_have_count(1)
    expect(claim).to_contain_text("214 otters")
    expect(claim.locator(".verdict")).to_contain_text("supported")
    expect(claim.locator(".cite")).to_have_text("1")
    expect(page.locator(".unchecked")).to_have_text(WRONG[:20].rstrip())
    expect(page.locator(".stages")).to_contain_text("each sentence is checked")
    served.writer.go.set()
    pages.answered(page)
    expect(page.locator(".unchecked")).to_have_count(0)
    expect(page.locator(".stages")).to_contain_text("Written by quill · 1 sentence, each checked")
    gone = page.locator(".withdrawn")
    expect(gone.locator("s")).to_have_text(WRONG)
    expect(gone).to_contain_text("999")
    expect(gone.locator(".verdict")).to_contain_text(re.compile("not found|contradicted"))
    gone.locator(".verdict").focus()
    expect(page.get_by_role("tooltip")).to_contain_text("999")
    page.locator(".answer .cite").first.click()
    expect(page.locator(".beside mark").first).to_contain_text("214 otters")


def test_nothing_moves_while_an_answer_is_written(visit: Any, served: Served) -> None:
    served.writer.says = citing(f"{QUOTE} [e] Nothing{PAUSE} else was counted. [e]")
    page = visit("amina")
    page.goto(f"/#q={QUESTION}")
    expect(page.locator(".answer .claim")).to_have_count(1)
    field = page.get_by_role("textbox", name="A further question")
    before = field.bounding_box()
    served.writer.go.set()
    pages.answered(page)
    assert field.bounding_box() == before
    assert pages.moved(page) < 0.1


def test_a_further_question_follows_on_the_answer_before_and_says_how_it_was_understood(
    visit: Any, served: Served
) -> None:
    served.writer.says = citing(f"{QUOTE} [e]")
    page = visit("amina")
    ask(page, QUESTION)
    further = "And how many gulls?"
    alone = "How many gulls did the survey find?"
    written = citing("The gull census counted 77 gulls in Ostrel. [e]", "77 gulls")
    served.writer.says = lambda prompt: alone if prompt.purpose == "rewrite" else written(prompt)
    ask_further(page, further)
    exchange = page.locator(".exchange").last
    expect(exchange.get_by_role("heading")).to_have_text(further)
    expect(exchange.locator(".asked")).to_have_text(f"Asked: {alone}")
    expect(exchange.locator(".answer")).to_contain_text("77 gulls")
    page.reload()
    pages.answered(page, 2)
    expect(page.locator(".exchange").last.locator(".asked")).to_have_text(f"Asked: {alone}")


def test_who_writes_can_be_chosen(visit: Any, served: Served) -> None:
    served.writer.says = citing(f"{QUOTE} [e]")
    page = visit("amina")
    page.get_by_text("Narrow it").first.click()
    page.get_by_label("Written by").first.select_option("nobody: quoted word for word")
    ask(page, QUESTION)
    expect(page.locator(".stages")).to_contain_text("quoted and checked")
    assert not served.writer.asked
    page.goto("/")
    page.get_by_text("Narrow it").first.click()
    page.get_by_label("Written by").first.select_option("other alone")
    ask(page, QUESTION)
    expect(page.locator(".stages")).to_contain_text("Written by quill")


def test_a_model_that_fails_leaves_extracts_and_a_line_that_says_so(visit: Any, served: Served) -> None:
    def failing(prompt: Prompt) -> str:
        raise ModelFailed("quill does not answer.")

    served.writer.says = failing
    page = visit("amina")
    ask(page, QUESTION)
    expect(page.locator(".notice")).to_contain_text("These are extracts: quill does not answer.")
    expect(page.locator(".answer")).to_contain_text("214 otters")
    expect(page.locator(".stages")).not_to_contain_text("Written")


def test_half_an_answer_is_not_shown_as_one(visit: Any) -> None:
    page = visit("amina")
    half = 'event: text\ndata: "The otter survey"\n\n'
    broken = [True]

    def cut(route: Route) -> None:
        if broken.pop() if broken else False:
            route.fulfill(body=half, content_type="text/event-stream")
        else:
            route.fulfill(status=503, json={"status": 503, "detail": "Not just now."})

    page.route("**/v1/ask", cut)
    ask(page, QUESTION)
    expect(page.locator(".answer .alert")).to_have_text("The answer broke off; nothing of it is kept.")
    expect(page.locator(".answer")).not_to_contain_text("The otter survey")
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator(".answer .alert")).to_have_text("Not just now.")


@pytest.mark.skipif(not pages.AXE.is_file(), reason="no axe-core: npm ci in tests/surfaces/browser")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_written_answer_has_no_fault_that_axe_finds(visit: Any, served: Served, theme: str) -> None:
    served.writer.says = citing(f"{QUOTE} [e] {WRONG} [e] And {PAUSE} more.")
    page = visit("amina", color_scheme=theme, viewport={"width": 360, "height": 800})
    begin(page, QUESTION)
    expect(page.locator(".answer .claim")).to_have_count(2)
    assert faults(page) == []
    served.writer.go.set()
    pages.answered(page)
    expect(page.locator(".withdrawn")).to_be_visible()
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_question_can_be_answered_as_a_report(visit: Any) -> None:
    page = visit("amina")
    page.get_by_role("textbox", name="Your question").fill(QUESTION)
    page.get_by_role("button", name="As a report").click()
    page.wait_for_url("**/report#*")
    expect(page.locator(".report")).to_have_attribute("aria-busy", "false", timeout=60_000)
    expect(page.locator(".report h1")).to_be_visible()
    assert page.evaluate("new URLSearchParams(location.hash.slice(1)).get('q')") == QUESTION
