"""Nothing in a document can run script in the page, in a real browser; see ``hostile`` for what is tried."""

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
def test_no_payload_runs_anywhere(open_page: Open, tmp_path: Path, live: bool) -> None:
    """Every payload in every text field: 0 executions, 0 violations, 0 requests to any host."""
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


def test_no_payload_runs_out_of_the_search(open_page: Open, tmp_path: Path) -> None:
    """What is found is shown as text."""
    place = tmp_path / "page.html"
    payload = "<img src=x onerror=alert(1)>"
    place.write_text(made(hostile.document(payload)), encoding="utf-8")
    seen = open_page(place.as_uri())
    seen.page.fill("#search", "onerror=alert")
    assert seen.page.locator(".hit").count() > 0
    assert seen.page.locator("#found img").count() == 0
    seen.must_be_quiet()


def test_what_watches_would_see_it(open_page: Open, tmp_path: Path) -> None:
    """The test itself notices scripts, refusals and requests."""
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
