"""A frontend test of the shop's page: the page is real, and so is the state behind it.

pip install playwright pytest; pytest examples/any-document
"""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect, sync_playwright

FOLDER = Path(__file__).resolve().parent
SERVE = ["mockserver", "serve", "--quiet", "--port", "0", "--spec", "openapi.yaml"]


@pytest.fixture(scope="session")
def api() -> Iterator[str]:
    """Start a mock of the shop's document, and yield its URL."""
    command = [*SERVE, "--handlers", "handlers.py"]
    with subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1] + "/v1"
        process.terminate()


@pytest.fixture
def page(api: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Open the page with an account of its own: the token is the name of the test."""
    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(
            f"{FOLDER.as_uri()}/shop.html?{urlencode({'api': api, 'token': request.node.name})}"
        )
        yield page
        browser.close()


def add(page: Page, name: str, stock: int) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Stock").fill(str(stock))
    page.get_by_role("button", name="Add").click()


def test_a_product_that_is_added_stays(page: Page) -> None:
    """The mock keeps what the page creates, and lists the newest first."""
    add(page, "Soap", stock=3)
    expect(page.get_by_role("listitem").first).to_contain_text("Soap: 3 left")
    page.reload()
    expect(page.get_by_role("listitem").first).to_contain_text("Soap: 3 left")


def test_the_last_one_is_sold_once(page: Page) -> None:
    """A checkout reduces the stock, and what is sold out cannot be bought."""
    add(page, "Brush", stock=1)
    page.get_by_role("button", name="Buy Brush").click()
    expect(page.get_by_role("listitem").first).to_contain_text("Brush: 0 left")
    page.get_by_role("button", name="Buy Brush").click()
    expect(page.get_by_role("alert")).to_have_text("Only 0 left of Brush.")


def test_what_the_document_forbids_is_shown(page: Page) -> None:
    """The mock refuses invalid requests in the document's own words."""
    add(page, "x" * 500, stock=1)
    expect(page.get_by_role("alert")).to_contain_text("name")
