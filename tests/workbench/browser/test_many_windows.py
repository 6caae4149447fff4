"""Many windows of one browser share one stream: browsers open six connections to one origin."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import API
from tests.workbench.browser.conftest import NEW, Workbench

pytestmark = pytest.mark.slow

WINDOWS = 7
WITHIN_SECONDS = 20


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def windows(workbench: Workbench) -> list[Any]:
    """Seven windows of one browser, all live."""
    first = workbench.open().page
    pages = [first, *(first.context.new_page() for _ in range(WINDOWS - 1))]
    for page in pages[1:]:
        page.goto(f"{workbench.server.url}/_mock/#requests")
    for page in pages:
        page.locator("#connection[data-state=open]").wait_for()
        page.locator(".summary", has_text="2 received").wait_for()
    return pages


def watchers(workbench: Workbench) -> int:
    return len(workbench.server.world.feed.watchers)


def request(workbench: Workbench) -> None:
    workbench.mock.get(f"{API}/balance", headers=NEW).raise_for_status()


def test_seven_windows_use_one_stream(workbench: Workbench, windows: list[Any]) -> None:
    """Each window shows each request once, and one connection is open."""
    until(lambda: watchers(workbench) == 1)
    for _ in range(20):
        request(workbench)
    for page in windows:
        page.locator(".summary", has_text="22 received").wait_for()
        assert page.locator(".log tbody tr").count() == 22
        assert page.locator("#connection").inner_text() == "Live"
    assert watchers(workbench) == 1


def test_another_window_goes_on_where_the_first_ended(
    workbench: Workbench, windows: list[Any]
) -> None:
    """If the window that reads is closed, another one reads, and no request is lost or repeated."""
    until(lambda: watchers(workbench) == 1)
    left = list(windows)
    expected = 2
    while len(left) > 1:
        left.pop(0).close()
        for _ in range(3):
            request(workbench)
        expected += 3
        for page in left:
            page.locator(".summary", has_text=f"{expected} received").wait_for()
            assert page.locator(".log tbody tr").count() == expected
        until(lambda: watchers(workbench) == 1)


def test_a_change_reaches_every_window(workbench: Workbench, windows: list[Any]) -> None:
    """A name that is given appears in all of them; so does a request that is deleted."""
    workbench.mock.put("/_mock/label", json={"label": "Shared"}, headers=NEW)
    for page in windows:
        page.locator("#scope option", has_text="Shared (sk_test_new)").wait_for(state="attached")
    workbench.mock.delete("/_mock/requests")
    for page in windows:
        page.locator(".summary", has_text="0 received").wait_for()
