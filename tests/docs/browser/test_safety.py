"""No document can run scripts in the page. The payloads are in ``hostile``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.docs import hostile
from tests.docs.browser.conftest import Open
from tests.docs.html_page import made

pytestmark = pytest.mark.slow

_POKE = """() => {
  for (const each of document.querySelectorAll("details")) each.open = true;
  for (const each of document.querySelectorAll("main *")) {
    for (const name of ["mouseover", "focus", "pointerenter", "toggle", "error", "load"]) {
      each.dispatchEvent(new Event(name));
    }
  }
  return document.scripts.length;
}"""


@pytest.mark.parametrize("live", [False, True], ids=["on the disk", "to try"])
def test_no_payload_runs(open_page: Open, tmp_path: Path, live: bool) -> None:
    """A payload in every text field causes no execution, violation or request."""
    assert len(hostile.PAYLOADS) >= 50
    place = tmp_path / "page.html"
    place.write_text("<!doctype html><title>start</title>")
    seen = open_page(place.as_uri())
    for payload in hostile.PAYLOADS:
        place.write_text(made(hostile.document(payload), live=live), encoding="utf-8")
        seen.requests.clear()
        seen.page.goto(place.as_uri())
        assert seen.page.evaluate("document.documentElement.dataset.ready") == "true", payload
        assert seen.page.evaluate(_POKE) == 2, payload
        seen.page.evaluate("new Promise((done) => setTimeout(done, 20))")
        assert (seen.ran, seen.violations, seen.complaints) == ([], [], []), payload
        assert {url for url in seen.requests if not url.startswith("data:,")} == {place.as_uri()}, (
            payload
        )


def test_no_payload_runs_in_search_results(open_page: Open, tmp_path: Path) -> None:
    """Search results are text."""
    place = tmp_path / "page.html"
    payload = "<img src=x onerror=alert(1)>"
    place.write_text(made(hostile.document(payload)), encoding="utf-8")
    seen = open_page(place.as_uri())
    seen.page.fill("#search", "onerror=alert")
    assert seen.page.locator(".hit").count() > 0
    assert seen.page.locator("#found img").count() == 0
    seen.must_be_quiet()


def test_the_instrumentation_detects_violations(open_page: Open, tmp_path: Path) -> None:
    """The test setup notices scripts, policy violations and requests."""
    place = tmp_path / "page.html"
    place.write_text("<!doctype html><body><img src='https://evil.invalid/x' onerror='alert(1)'>")
    seen = open_page(place.as_uri())
    seen.page.wait_for_function("window.__ran.length")
    assert "https://evil.invalid/x" in seen.requests
    policy = "<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\">"
    place.write_text(f"<!doctype html>{policy}<script>alert(1)</script>")
    seen.page.goto(place.as_uri())
    violations: Any = seen.violations
    assert len(violations) == 1
    assert seen.ran == []
