"""The pages as somebody meets them, in a real Chromium; skipped where there is none."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from openpyxl import Workbook
from playwright.sync_api import Browser, Page, expect, sync_playwright
from reportlab.pdfgen.canvas import Canvas

import cairn
from cairn.operations import access, people
from cairn.session import Session, open_library

CHROMIUM = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
AXE = Path(__file__).parent / "browser" / "node_modules" / "axe-core" / "axe.min.js"
PASSWORD = "a password of somebody"
QUOTE = "The otter survey of 2031 found 214 otters in the Valcombe delta."
QUESTION = "How many otters did the survey of 2031 find?"
REPORT = "How many otters did the survey of 2031 find, and how many herons were at the salt marsh?"

expect.set_options(timeout=30_000)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt install chromium")


def write_documents(folder: Path) -> None:
    """Write a PDF whose second page is asked about, a workbook, some prose, and what only hr may read."""
    canvas = Canvas(str(folder / "otters.pdf"), pagesize=(400, 500))
    for lines in (["Otters", "An introduction."], ["Results", QUOTE, "Nothing else was counted."]):
        for row, line in enumerate(lines):
            canvas.setFont("Helvetica", 24 if row == 0 else 11)
            canvas.drawString(40, 440 - 60 * row, line)
        canvas.showPage()
    canvas.save()
    book = Workbook()
    assert book.active is not None
    for row in (("Site", "Herons"), ("Ferry terminal", 12), ("Salt marsh", 40)):
        book.active.append(row)
    book.save(folder / "herons.xlsx")
    (folder / "pay.md").write_text("# Pay\n\nThe secret pay of the director is 9,000 a month.\n")
    (folder / "gulls.md").write_text("# Gulls\n\nThe gull census counted 77 gulls in Ostrel.\n")
    rules = (
        "*.pdf allow group:staff\n*.xlsx allow group:staff\npay.md allow group:hr\ngulls.md allow everyone\n"
    )
    (folder / ".cairn-access").write_text(rules)


async def fill(session: Session, folder: Path) -> None:
    for person, groups in (("amina", ["group:staff"]), ("tomas", []), ("ada", ["group:staff"])):
        await access.access_add(session, f"person:{person}", groups)
        await people.people_add(session, person, ROLES[person], password=PASSWORD)
    await access.access_add(session, "group:hr")
    await cairn.ingest(session, str(folder))


SETTINGS = {"CAIRN_EMBEDDER": "hash", "CAIRN_WORKERS": "1", "CAIRN_ANSWER_THRESHOLD": "0"}
ROLES = {"amina": ["curator"], "tomas": [], "ada": ["admin"]}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library that is filled once."""
    folder, home = (tmp_path_factory.mktemp(name) for name in ("drive", "filled"))
    write_documents(folder)
    with pytest.MonkeyPatch.context() as patched:
        for name, value in SETTINGS.items():
            patched.setenv(name, value)
        with cairn.open(home) as session:
            asyncio.run(fill(session, folder))
    return home


class Served:
    """A library that is served by a process of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "cairn", "serve", "--port", str(port)]
        environment = os.environ | {"CAIRN_HOME": str(home)}
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
        while not self._answers():
            assert self.process.poll() is None
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", trust_env=False).status_code == 200
        except httpx.ConnectError:
            return False

    def do(self, work: Callable[[Session], Any]) -> None:
        """Do something to the library as its owner, while it is served."""
        with open_library(self.home) as session, ThreadPoolExecutor(1) as apart:
            apart.submit(asyncio.run, work(session)).result()


@pytest.fixture(scope="module")
def served(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a copy of the library to the tests that only look at it."""
    home = tmp_path_factory.mktemp("served") / "library"
    shutil.copytree(filled, home)
    with serving(home) as running:
        yield running


@pytest.fixture
def own(filled: Path, tmp_path: Path) -> Iterator[Served]:
    """Serve a copy of the library, for one test to change."""
    shutil.copytree(filled, tmp_path / "own")
    with serving(tmp_path / "own") as running:
        yield running


@contextmanager
def serving(home: Path) -> Iterator[Served]:
    """Serve a library, which answers whatever it finds."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in SETTINGS.items():
            patched.setenv(name, value)
        running = Served(home)
    yield running
    running.process.terminate()
    running.process.wait(timeout=60)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def visit(served: Served, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return what opens the pages as somebody."""
    yield from visiting(served, browser)


@pytest.fixture
def visit_own(own: Served, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return the same for a library that the test may change."""
    yield from visiting(own, browser)


def visiting(server: Served, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Yield what opens the pages as somebody, in a browser of their own; no script may fail on them."""
    opened: list[Page] = []
    failures: list[str] = []

    def as_somebody(person: str = "", **more: Any) -> Page:
        context = browser.new_context(base_url=server.url, **more)
        page = context.new_page()
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on(
            "console", lambda said: failures.append(said.text) if "Security Policy" in said.text else None
        )
        opened.append(page)
        if person:
            sign_in(page, person)
        return page

    yield as_somebody
    for page in opened:
        page.context.close()
    assert not failures


def sign_in(page: Page, person: str, password: str = PASSWORD) -> None:
    page.goto("/sign-in")
    page.get_by_label("Name").fill(person)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def ask(page: Page, question: str) -> None:
    page.get_by_role("textbox", name="question").fill(question)
    page.keyboard.press("Enter")
    answered(page)


def answered(page: Page, count: int = 1) -> None:
    expect(page.locator('.exchange[aria-busy="false"]')).to_have_count(count, timeout=30_000)


def test_whoever_is_not_signed_in_is_asked_and_goes_on_to_where_they_were_going(visit: Any) -> None:
    page = visit()
    page.goto("/library#state=failed")
    assert "/sign-in" in page.url
    page.get_by_label("Name").fill("amina")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Name or password is wrong")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/library#state=failed")
    expect(page.locator("main")).to_contain_text("Nothing fits")
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    page.goto("/")
    assert "/sign-in" in page.url


@pytest.mark.parametrize("place", ["//evil.example/", "/\\evil.example", "https://evil.example/"])
def test_a_sign_in_leads_nowhere_else(visit: Any, served: Served, place: str) -> None:
    page = visit("amina")
    page.goto(f"/sign-in?next={place}")
    assert page.url == f"{served.url}/"


def test_a_citation_opens_the_page_with_its_words_marked_where_they_stand(visit: Any) -> None:
    page = visit("amina")
    ask(page, QUESTION)
    citation = page.locator(".answer .cite").first
    expect(page.locator(".answer")).to_contain_text("214 otters")
    citation.hover()
    expect(page.get_by_role("tooltip")).to_contain_text(QUOTE)
    citation.click()
    beside = page.get_by_role("complementary", name="The original")
    expect(beside.locator("img")).to_have_attribute(
        "alt", f"Page 2 of otters, with the cited words marked: {QUOTE}"
    )
    place = page.evaluate(
        "() => { const box = document.querySelector('.box').getBoundingClientRect(),"
        " sheet = document.querySelector('.picture').getBoundingClientRect();"
        " return [(box.left - sheet.left) / sheet.width, (box.top - sheet.top) / sheet.height,"
        " (box.bottom - sheet.top) / sheet.height] }"
    )
    line = 1 - (440 - 60) / 500  # where it was written, from the top
    assert place[0] == pytest.approx(40 / 400, abs=0.01) and place[1] < line < place[2] + 0.01
    expect(beside.locator("mark").first).to_contain_text("214 otters")
    page.keyboard.press("Escape")
    expect(beside).to_be_hidden()
    expect(citation).to_be_focused()


def test_a_citation_of_a_sheet_opens_its_cells(visit: Any) -> None:
    page = visit("amina")
    ask(page, "How many herons were at the salt marsh?")
    page.locator(".answer .cite").first.click()
    grid = page.locator(".grid").filter(has=page.locator("mark")).first
    expect(grid.get_by_role("columnheader", name="B")).to_be_visible()
    expect(grid.locator("tr").filter(has=page.locator("mark")).first).to_contain_text("Salt marsh")


def test_the_address_of_a_citation_can_be_sent_on_and_shows_only_what_its_reader_may_see(visit: Any) -> None:
    page = visit("amina")
    ask(page, QUESTION)
    address = page.locator(".answer .cite").first.get_attribute("href")
    page.goto(address)
    expect(page.locator(".picture .box").first).to_be_visible()
    other = visit("tomas")
    other.goto(address)
    expect(other.get_by_role("heading", level=1)).to_have_text("There is nothing here for you")
    guessed = other.goto("/library/d999999")
    assert guessed is not None and guessed.status == 404
    expect(other.get_by_role("heading", level=1)).to_have_text("There is nothing here for you")
    other.goto(f"/#q={QUESTION}")
    answered(other)
    expect(other.locator("main")).not_to_contain_text("214")
    other.goto("/library")
    expect(other.locator("main")).to_contain_text("gulls.md")
    expect(other.locator("main")).not_to_contain_text("otters.pdf")


def test_what_is_revoked_while_a_page_is_open_is_not_shown_again(visit_own: Any, own: Served) -> None:
    page = visit_own("amina")
    ask(page, QUESTION)
    own.do(lambda session: access.access_remove(session, "person:amina", ["group:staff"]))
    page.locator(".answer .cite").first.click()
    beside = page.get_by_role("complementary", name="The original")
    expect(beside.locator(".alert")).to_contain_text("No document")
    expect(beside).not_to_contain_text("214")
    page.keyboard.press("Escape")
    ask_further(page, QUESTION)
    expect(page.locator(".exchange").last).not_to_contain_text("214")


def ask_further(page: Page, question: str) -> None:
    page.get_by_role("textbox", name="A further question").fill(question)
    page.keyboard.press("Enter")
    answered(page, 2)


def test_whoever_is_kept_out_while_a_page_is_open_is_asked_to_sign_in(visit_own: Any, own: Served) -> None:
    page = visit_own("amina")
    ask(page, QUESTION)
    own.do(lambda session: people.people_disable(session, "amina"))
    page.locator(".answer .cite").first.click()
    page.wait_for_url("**/sign-in?next=*")
    expect(page.locator("body")).not_to_contain_text("214")


def test_the_history_asks_again_with_the_rights_of_the_moment(visit_own: Any, own: Served) -> None:
    page = visit_own("amina")
    ask(page, QUESTION)
    page.goto("/history")
    own.do(lambda session: access.access_remove(session, "person:amina", ["group:staff"]))
    expect(page.locator("main")).not_to_contain_text("214")
    page.get_by_role("link", name=QUESTION).click()
    answered(page)
    expect(page.locator(".answer")).not_to_contain_text("214")
    other = visit_own("tomas")
    other.goto("/history")
    expect(other.locator("main")).to_contain_text("Nothing yet")
    page.goto("/history")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Forget all").click()
    expect(page.locator("main")).to_contain_text("Nothing yet")


def test_a_further_question_stands_below_and_the_address_holds_both(visit: Any) -> None:
    page = visit("amina")
    ask(page, QUESTION)
    ask_further(page, "How many gulls did the gull census count?")
    expect(page.locator(".answer").last).to_contain_text("77 gulls")
    page.reload()
    answered(page, 2)
    expect(page.locator(".exchange h2")).to_have_text([QUESTION, "How many gulls did the gull census count?"])


def test_what_somebody_thinks_of_an_answer_is_noted(visit: Any) -> None:
    page = visit("amina")
    ask(page, QUESTION)
    page.get_by_role("button", name="Not helpful").click()
    page.get_by_label("What was missing").fill("the year before")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Noted, thank you.")).to_be_visible()
    page.goto("/history")
    expect(page.locator("main")).to_contain_text("not helpful · “the year before”")


def test_what_was_said_of_an_answer_is_looked_at_once(visit_own: Any) -> None:
    page = visit_own("amina", viewport={"width": 360, "height": 800})
    ask(page, QUESTION)
    page.get_by_role("button", name="Helpful", exact=True).click()
    expect(page.get_by_text("Noted. You may say more.")).to_be_visible()
    page.goto("/feedback")
    expect(page.locator("main")).to_contain_text("214 otters")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert not AXE.is_file() or faults(page) == []
    page.get_by_role("button", name="Looked at").click()
    expect(page.locator("main")).to_contain_text("Nothing to look at")
    page.get_by_role("link", name="Also what was looked at").click()
    expect(page.locator("main")).to_contain_text("looked at by amina")


def test_an_admin_asks_as_somebody_else_and_sees_no_more_than_they(visit: Any) -> None:
    page = visit("ada")
    page.goto(f"/#q={QUESTION}&as=tomas")
    answered(page)
    expect(page.locator(".stages")).to_contain_text("as tomas")
    expect(page.locator("main")).not_to_contain_text("214")
    other = visit("amina")
    other.goto(f"/#q={QUESTION}&as=ada")
    answered(other)
    expect(other.locator(".alert")).to_contain_text("takes the role admin")


def test_nothing_moves_when_an_answer_comes(visit: Any) -> None:
    page = visit("amina")
    page.goto(f"/#q={QUESTION}")
    answered(page)
    assert moved(page) < 0.1  # what is called good


def moved(page: Page) -> float:
    """Return the sum of all layout shifts since the page was opened."""
    return float(
        page.evaluate(
            "new Promise(done => { let sum = 0; new PerformanceObserver(list => {"
            " for (const one of list.getEntries()) sum += one.value;"
            " }).observe({type: 'layout-shift', buffered: true});"
            " setTimeout(() => done(sum), 200) })"
        )
    )


def test_a_dropped_file_is_read_and_found(visit_own: Any) -> None:
    page = visit_own("amina")
    page.goto("/library")
    content = b"# Storks\n\nThe stork count of 2032 was 31 storks.\n"
    page.get_by_label("Drop files here").set_input_files(
        {"name": "storks.md", "mimeType": "text/markdown", "buffer": content}
    )
    page.get_by_label("Who may read them").fill("person:tomas")
    page.get_by_role("button", name="Upload").click()
    link = page.locator(".drop").get_by_role("link", name="storks.md")
    expect(link).to_be_visible(timeout=60_000)
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("storks")
    expect(page.locator("#readers")).to_contain_text("amina, tomas")
    other = visit_own("tomas")
    ask(other, "What was the stork count of 2032?")
    expect(other.locator(".answer")).to_contain_text("31 storks")


def test_a_document_says_who_can_see_it_and_why_and_can_be_forgotten(visit_own: Any) -> None:
    page = visit_own("amina")
    page.goto("/library#holding=otters")
    page.get_by_role("link", name="otters", exact=True).click()
    page.get_by_label("And why?").fill("tomas")
    page.get_by_role("button", name="Tell").click()
    expect(page.locator("#readers")).to_contain_text("tomas may not: allowed only to group:staff")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Forget").click()
    page.wait_for_url("**/library")
    expect(page.locator("main")).not_to_contain_text("otters.pdf")


def test_the_directory_is_looked_at_and_changed(visit_own: Any) -> None:
    page = visit_own("ada")
    page.goto("/access#who=tomas&document=otters.pdf")
    expect(page.locator(".note")).to_contain_text("tomas may not read otters.pdf")
    form = page.locator("form").filter(has=page.get_by_role("heading", name="Enrol, or put into groups"))
    form.get_by_label("Who").fill("person:tomas")
    form.get_by_label("Groups").fill("group:staff")
    form.get_by_role("button", name="Enrol").click()
    expect(page.locator(".note")).to_contain_text("tomas may read otters.pdf")
    expect(page.get_by_role("heading", name="What changed")).to_be_visible()


def test_what_is_looked_for_is_in_no_address_that_is_sent(visit: Any) -> None:
    page = visit("ada")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.headers.get('referer', '')}"))
    page.goto("/library")
    page.get_by_label("Title or path").fill("gulls")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("group", name="Documents").get_by_role("row")).to_have_count(2)
    page.reload()
    expect(page.get_by_role("group", name="Documents").get_by_role("row")).to_have_count(2)
    expect(page.get_by_label("Title or path")).to_have_value("gulls")
    page.get_by_label("Title or path").fill("no such title")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="All documents").click()
    expect(page.locator("main")).to_contain_text("otters.pdf")
    page.goto("/access")
    page.get_by_label("Person", exact=True).first.fill("amina")
    page.get_by_label("Document, if one is meant").fill("gulls.md")
    page.get_by_role("button", name="Tell").click()
    expect(page.locator(".note")).to_contain_text("amina may read gulls.md")
    page.get_by_label("Document, if one is meant").fill("")
    page.get_by_role("button", name="Tell").click()
    expect(page.locator(".note")).to_contain_text("amina sees 3 of the 3 documents")
    assert not [one for one in sent if "gulls" in one or "such" in one or "amina" in one]


def test_a_jump_to_the_content_leaves_what_was_asked(visit: Any) -> None:
    page = visit("amina")
    ask(page, QUESTION)
    address = page.url
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    assert page.url == address
    expect(page.locator(".answer")).to_contain_text("214 otters")


def test_a_trace_names_only_documents_that_may_be_read_now(visit_own: Any, own: Served) -> None:
    page = visit_own("amina")
    ask(page, QUESTION)
    page.get_by_role("link", name="How it was found").click()
    candidates = page.get_by_role("group", name="Candidates")
    expect(candidates.get_by_role("link", name="otters").first).to_be_visible()
    own.do(lambda session: access.access_remove(session, "person:amina", ["group:staff"]))
    page.reload()
    expect(candidates.get_by_role("row").nth(1)).to_be_visible()
    expect(candidates).not_to_contain_text("otters")


@pytest.mark.parametrize("place", ["/access", "/feedback", "/system", "/measure"])
def test_a_page_that_takes_a_role_is_not_for_others(visit: Any, place: str) -> None:
    page = visit("tomas")
    answer = page.goto(place)
    assert answer.status == 403
    expect(page.get_by_role("heading", level=1)).to_have_text("You may not do this")
    expect(page.get_by_role("navigation")).not_to_contain_text("System")


def test_a_trace_shows_its_steps_and_is_its_askers(visit: Any) -> None:
    page = visit("amina")
    ask(page, QUESTION)
    page.get_by_role("link", name="How it was found").click()
    expect(page.get_by_role("group", name="Steps")).to_contain_text("journal check")
    candidates = page.get_by_role("group", name="Candidates")
    expect(candidates).to_contain_text("words")
    address = page.url
    candidates.get_by_role("link", name="otters").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("otters")
    page.goto(address)
    other = visit("tomas")
    answer = other.goto(page.url)
    assert answer.status == 404


def test_everything_comes_from_this_server_and_no_script_stands_in_a_page(visit: Any, served: Served) -> None:
    page = visit("amina")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    answer = page.goto("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    ask(page, QUESTION)
    page.locator(".answer .cite").first.click()
    page.locator(".box").first.wait_for()
    assert all(url.startswith((served.url, "blob:")) for url in asked)


@pytest.mark.skipif(not AXE.is_file(), reason="no axe-core: npm ci in tests/surfaces/browser")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_no_page_has_a_fault_that_axe_finds(visit: Any, theme: str, width: int) -> None:
    page = visit(color_scheme=theme, viewport={"width": width, "height": 800})
    places = ["/sign-in", "/", f"/#q={QUESTION}", "/history", "/library", "/library/d1", "/access#who=amina"]
    places += ["/library#holding=nothing", "/report", f"/report#q={REPORT}", "/system", "/measure"]
    places += ["/costs?leaks=1", "/feedback", "/nowhere"]
    for place in places:
        if place == "/":
            sign_in(page, "ada")
        page.goto("about:blank")  # else an address that differs behind its # is the same page
        page.goto(place)
        if place.startswith("/report#"):
            expect(page.locator('.report[aria-busy="false"]')).to_be_visible()
        elif "#" in place and "#q=" not in place:
            expect(page.locator(".looked")).to_have_attribute("aria-busy", "false")
        elif "#q=" in place:
            answered(page)
            page.locator(".answer .cite").first.click()
            page.locator(".box").first.wait_for()
        assert faults(page) == [], place
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wider <= 0, f"{place} is {wider} pixels wider than the window"


def faults(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(result => result.violations)")
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found]


def reported(page: Page, question: str = REPORT) -> None:
    page.goto("/report")
    page.get_by_role("textbox", name="question").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator('.report[aria-busy="false"]')).to_be_visible()


def test_a_report_comes_in_sections_that_lead_to_what_they_cite(visit: Any) -> None:
    page = visit("amina")
    reported(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(REPORT)
    contents = page.get_by_role("navigation", name="Contents")
    expect(contents.get_by_role("link", name="Limits")).to_be_visible()
    found = page.locator(".part").filter(has=page.get_by_role("heading", name="How many otters"))
    expect(found).to_contain_text("214 otters")
    expect(page.locator("tr.cited").filter(has_text="Salt marsh").first).to_contain_text("40")
    found.locator(".cite").first.click()
    beside = page.get_by_role("complementary", name="The original")
    expect(beside.locator("mark").first).to_contain_text("214 otters")
    page.keyboard.press("Escape")
    for name, begins in (("PDF", b"%PDF"), ("Word", b"PK"), ("Markdown", b"# How many otters")):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        assert Path(download.value.path()).read_bytes().startswith(begins)


def test_a_report_is_not_had_as_a_file_by_who_may_no_longer_read_it(visit_own: Any, own: Served) -> None:
    page = visit_own("amina")
    reported(page)
    expect(page.locator(".parts")).to_contain_text("214 otters")
    own.do(lambda session: access.access_remove(session, "person:amina", ["group:staff"]))
    page.get_by_role("button", name="PDF").click()
    expect(page.locator(".report .said")).to_contain_text("or who may read it; ask again")
    other = visit_own("tomas")
    reported(other)
    expect(other.locator("main")).not_to_contain_text("214")
