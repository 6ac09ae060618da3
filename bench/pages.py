"""Pictures and measurements of the pages, in a Chromium: what the README shows and what LOG.md says.

    make demo
    python -m bench.pages picture           # docs/ask.png: a question of the demo's, its citation open
    python -m bench.pages shots FOLDER      # every page, in both widths and both themes, into FOLDER
    python -m bench.pages measure           # first paint, requests and bytes of each page
    python -m bench.pages tokens            # the page's own time for each token that a language model writes

The library is demo/library, or $CAIRN_HOME.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench.sets import ROOT
from cairn.operations import identity
from cairn.session import open_library

PICTURE = ROOT / "docs" / "ask.png"
QUESTION = "/#q=How+much+did+the+heat-health+programme+overspend+in+2025%3F"
PAGES = {
    "ask": "/",
    "answer": QUESTION,
    "library": "/library",
    "document": "/library/d62",
    "history": "/history",
    "access": "/access#who=tomas",
    "feedback": "/feedback?reviewed=1",
    "costs": "/costs?leaks=1",
    "system": "/system",
    "measure": "/measure",
}
WIDTHS = {"wide": (1440, 900), "phone": (360, 740)}
RUNS = 5
TOKENS = 2000
STREAM = """
const real = fetch;
const pause = () => new Promise((done) => setTimeout(done, 5));
const events = new ReadableStream({ async start(stream) {
  for (const event of EVENTS) { stream.enqueue(new TextEncoder().encode(event)); await pause(); }
  stream.close();
} });
fetch = (path, sent) => path === "/v1/ask" ? Promise.resolve(new Response(events)) : real(path, sent);
"""
"""Stands for the server: one event after another."""


def main() -> None:
    """Do what is asked for."""
    what, *rest = sys.argv[1:]
    home = Path(os.environ.get("CAIRN_HOME", ROOT / "demo" / "library"))
    with serving(home) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--force-color-profile=srgb"]
        )
        ways: dict[str, Callable[..., None]] = {
            "picture": picture,
            "shots": shots,
            "measure": measure,
            "tokens": tokens,
        }
        ways[what](browser, home, url, *rest)
        browser.close()


@contextmanager
def serving(home: Path) -> Iterator[str]:
    """Serve a library on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cairn", "serve", "--port", str(port)]
    environment = os.environ | {"CAIRN_HOME": str(home)}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    url = f"http://127.0.0.1:{port}"
    while not _answers(url):
        time.sleep(0.1)
    yield url
    process.terminate()
    process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", trust_env=False).status_code == 200
    except httpx.ConnectError:
        return False


def visit(browser: Browser, home: Path, url: str, **more: Any) -> Page:
    """Open the pages as the library's owner."""
    page = browser.new_context(base_url=url, **more).new_page()
    with open_library(home) as session:
        page.goto(f"/v1/session/link/{identity.link(session.app)}")
    return page


def cite(page: Page) -> None:
    """Ask the question and open its first citation."""
    page.goto(QUESTION)
    page.locator('.exchange[aria-busy="false"] .answer .cite').first.click()
    page.locator(".beside .box").first.wait_for()
    page.wait_for_timeout(300)


def picture(browser: Browser, home: Path, url: str) -> None:
    """Take the README's picture."""
    page = visit(browser, home, url, viewport={"width": 1240, "height": 760}, color_scheme="light")
    cite(page)
    page.screenshot(path=PICTURE)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size:,} bytes")


def shots(browser: Browser, home: Path, url: str, folder: str) -> None:
    """Take a picture of every page."""
    for theme in ("light", "dark"):
        for name, (width, height) in WIDTHS.items():
            size = {"width": width, "height": height}
            page = visit(browser, home, url, viewport=size, color_scheme=theme)
            for place, path in PAGES.items():
                page.goto(path)
                page.wait_for_timeout(1500)
                page.screenshot(path=Path(folder) / f"{place}-{name}-{theme}.png")
            cite(page)
            page.screenshot(path=Path(folder) / f"cited-{name}-{theme}.png")


def measure(browser: Browser, home: Path, url: str) -> None:
    """Print what each page costs: medians of a browser that has seen none of it before."""
    print(f"{'page':10} {'first paint ms':>15} {'requests':>9} {'kB':>7}")
    for place, path in PAGES.items():
        seen = [_cost(browser, home, url, path) for _ in range(RUNS)]
        paint, requests, size = (median(values) for values in zip(*seen, strict=True))
        print(f"{place:10} {paint:15.0f} {requests:9.0f} {size / 1000:7.1f}")


def tokens(browser: Browser, home: Path, url: str) -> None:
    """Print the time that scripts, styles and layout take for each token, where each is drawn by itself."""
    page = visit(browser, home, url)
    page.add_init_script(f"const EVENTS = {json.dumps(list(_written(TOKENS)))}; {STREAM}")
    line = page.context.new_cdp_session(page)
    line.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto("/")
    page.wait_for_timeout(500)
    before = _worked(line)
    page.get_by_role("textbox").first.fill("How many otters?")
    page.keyboard.press("Enter")
    page.locator('.exchange[aria-busy="false"]').wait_for(timeout=120_000)
    print(f"{TOKENS:,} tokens, {(_worked(line) - before) / TOKENS * 1000:.3f} ms each")


def _written(count: int) -> Iterator[str]:
    """Yield the events of an answer with a claim after every twenty tokens."""
    claim = {"citations": [], "verdict": "supported", "reason": ""}
    for sentence in range(count // 20):
        said = f"Sentence {sentence} counts" + " otter" * 16 + "."
        for word in (*said.split(" "), "[e1]"):
            yield _event("text", f"{word} ")
        yield _event("claim", claim | {"text": said})
    answer: dict[str, Any] = dict.fromkeys(("text", "question", "notice", "trace"), "")
    answer |= dict.fromkeys(("claims", "evidence", "withdrawn"), ())
    yield _event("answer", answer | {"abstained": False, "confidence": 1, "seconds": 1, "writer": "x"})


def _event(kind: str, value: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps(value)}\n\n"


def _worked(line: CDPSession) -> float:
    """Return the seconds that the page's thread has worked, whatever else the machine does."""
    held = {one["name"]: one["value"] for one in line.send("Performance.getMetrics")["metrics"]}
    return float(held["TaskDuration"])


def _cost(browser: Browser, home: Path, url: str, path: str) -> tuple[float, int, int]:
    page = visit(browser, home, url)
    page.goto("/nowhere")
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[int] = []
    line.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(path)
    page.wait_for_timeout(1000)
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    page.context.close()
    return paint, len(sizes), sum(sizes)


if __name__ == "__main__":
    main()
