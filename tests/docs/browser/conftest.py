"""Pages in a real browser: as a file, and as the mock serves them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockserver.docs import html
from mockserver.docs.options import Options
from tests.browser import ROOT, Open, Seen
from tests.conftest import NOON, RunningServer, running_server
from tests.docs.contract_reference import REFERENCE

__all__ = ["ROOT", "SCREENSHOTS", "Open", "Seen"]

SCREENSHOTS = ROOT / "docs" / "screenshots"


@pytest.fixture(scope="session")
def on_disk(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the contract's page as a file."""
    place = tmp_path_factory.mktemp("docs") / html.PAGE
    place.write_text(html.page(REFERENCE, Options()))
    return place.as_uri()


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningServer]:
    """A mock with a frozen clock."""
    with running_server(now=NOON) as running:
        yield running


@pytest.fixture
def served(mock: RunningServer) -> str:
    """The address of the page that the mock serves."""
    return f"{mock.url}/docs/reference"
