"""Debian's Chromium, driven by Playwright without access to other hosts, and axe-core.

``tests/conftest.py`` makes these fixtures known to all tests, since a process can have one such
browser.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest

ROOT = Path(__file__).parents[1]
_AXE = ROOT / "tools" / "node_modules" / "axe-core" / "axe.min.js"
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
_started: list[Any] = []
_WATCH = """
window.__ran = []; window.__violations = [];
for (const name of ["alert", "confirm", "prompt", "print", "msgbox"]) {
  window[name] = (...all) => window.__ran.push([name, ...all]);
}
document.addEventListener("securitypolicyviolation", (event) =>
  window.__violations.push(event.violatedDirective + " " + event.blockedURI + " " + event.sample));
"""


@dataclass
class Seen:
    """A page, with its requests, console messages and violations."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def ran(self) -> list[Any]:
        """The calls that only a script of the document could make."""
        found: list[Any] = self.page.evaluate("window.__ran")
        return found

    @property
    def violations(self) -> list[str]:
        found: list[str] = self.page.evaluate("window.__violations")
        return found

    def must_be_quiet(self) -> None:
        """Check that no script ran, no policy was violated, and the console is empty."""
        assert (self.ran, self.violations, self.complaints) == ([], [], [])


Open = Callable[..., Seen]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The browser. Without one the test is skipped, but not in CI.

    Each ``conftest.py`` that imports this has a fixture of its own, but Playwright starts once
    in a process: the first fixture starts the browser, and ends last.
    """
    if _started:
        yield _started[0]
        return
    if _CHROMIUM is None:
        _do_without("there is no Chromium: apt-get install chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        _do_without("there is no Playwright: pip install '.[dev]'")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        _started.append(started)
        yield started
        _started.clear()
        started.close()


def _do_without(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def open_page(browser: Any) -> Iterator[Open]:
    """Open a URL in a new context: ``open_page(url, width=390, scheme="dark")``."""
    contexts = []

    def opened(
        url: str, *, width: int = 1280, height: int = 900, scheme: str = "light", **others: Any
    ) -> Seen:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, **others
        )
        contexts.append(context)
        context.add_init_script(_WATCH)
        page = context.new_page()
        seen = Seen(page)
        page.set_default_timeout(10_000)
        page.on("request", lambda request: seen.requests.append(request.url))
        page.on(
            "console", lambda message: seen.complaints.append(f"{message.type}: {message.text}")
        )
        page.on("pageerror", lambda error: seen.complaints.append(f"error: {error}"))
        page.goto(url)
        return seen

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core. Without it the test is skipped, but not in CI."""
    if not _AXE.exists():
        _do_without("axe-core is not installed: npm ci in tools/")
    return _AXE.read_text(encoding="utf-8")


def judged(page: Any, axe: str) -> list[tuple[str, str, list[str]]]:
    """Return axe-core's violations: the rule, its help, and the first nodes.

    The script is evaluated by the debugger, to which no content policy applies.
    """
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        (
            violation["id"],
            violation["help"],
            [node["html"][:200] for node in violation["nodes"][:3]],
        )
        for violation in found["violations"]
    ]
