"""The workbench of a server of its own, open in Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.browser import Open, Seen
from tests.conftest import API, NOON, RunningServer, ServerFactory

NEW = {"X-API-Key": "sk_test_new"}


@dataclass
class Workbench:
    """A server with frozen clock, a client of its API, and pages that show it."""

    server: RunningServer
    mock: httpx.Client
    open_page: Open

    def open(self, panel: str = "requests", account: str | None = None, **options: Any) -> Seen:
        """Open a panel in a new browser context, with an account selected."""
        permissions = ["clipboard-read", "clipboard-write"]
        seen = self.open_page(
            f"{self.server.url}/_mock/#{panel}", permissions=permissions, **options
        )
        seen.page.locator("#connection[data-state=open]").wait_for()
        seen.page.locator("#now").get_by_text("UTC").wait_for()
        if account is not None:
            seen.page.locator("#scope").select_option(label=account)
        return seen


@pytest.fixture
def workbench(make_server: ServerFactory, open_page: Open) -> Iterator[Workbench]:
    """A workbench of a world with two accounts."""
    server = make_server(now=NOON)
    with server.client(None) as mock:
        mock.get(f"{API}/balance", headers=NEW)
        mock.get(f"{API}/balance", headers={"X-API-Key": "sk_test_subscriber"})
        yield Workbench(server, mock, open_page)


Wait = Callable[[Any, str], None]


def clipboard(page: Any) -> str:
    """Return what was copied."""
    page.locator(".notice").last.wait_for()
    return str(page.evaluate("navigator.clipboard.readText()"))
