"""Guides in a real browser: as files, and as the mock serves them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver import packaged
from mockserver.docs import guides, pages
from mockserver.docs.options import Options
from tests.browser import judged
from tests.conftest import RunningServer
from tests.docs.browser.conftest import Open

pytestmark = pytest.mark.slow

NAMES = [guide.name for guide in guides.load(packaged.guides())]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all pages, as ``mockserver docs --guides`` writes it."""
    out = tmp_path_factory.mktemp("site")
    options = Options(guides=guides.load(packaged.guides()))
    pages.write(out, pages.make(packaged.spec(), ["html"], options))
    return out


@pytest.fixture
def served_guides(mock: RunningServer) -> str:
    """The address of the first page that the mock serves."""
    return f"{mock.url}/docs/guides/"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["index", "recipes", "settings"])
def test_axe_finds_nothing(
    open_page: Open, folder: Path, axe: str, name: str, width: int, scheme: str
) -> None:
    """Nor with the menu of a phone opened, or a search on a desktop."""
    page = open_page((folder / "guides" / f"{name}.html").as_uri(), width=width, scheme=scheme).page
    assert judged(page, axe) == []
    if width < 500:
        page.click("#menu")
    else:
        page.fill("#search", "declined")
        page.locator(".hit").first.wait_for()
    assert judged(page, axe) == []


@pytest.mark.parametrize("name", NAMES)
def test_on_a_phone_nothing_is_wider_than_the_screen(
    open_page: Open, folder: Path, name: str
) -> None:
    """Wide tables are stacked, and the page makes no request."""
    seen = open_page((folder / "guides" / f"{name}.html").as_uri(), width=390, height=844)
    assert seen.page.evaluate("document.documentElement.scrollWidth") == 390
    others = [url for url in seen.requests if not url.startswith("data:")]
    assert len(others) == 1
    seen.must_be_quiet()


def test_without_scripts_all_languages_are_shown(open_page: Open, folder: Path) -> None:
    """Each has its name, and the contents are there."""
    page = open_page((folder / "guides" / "recipes.html").as_uri(), java_script_enabled=False).page
    samples = page.locator(".ss").first
    assert samples.locator("figcaption:visible").all_inner_texts() == [
        "curl",
        "pytest",
        "TypeScript",
    ]
    assert samples.locator("pre:visible").count() >= 3
    assert page.locator("nav a:visible").count() > 20


def test_the_chosen_language_is_kept(open_page: Open, served_guides: str) -> None:
    """A tab switches all recipes, and the next page begins with it."""
    seen = open_page(f"{served_guides}recipes")
    page = seen.page
    page.locator(".tabs button", has_text="TypeScript").first.click()
    shown = page.locator(".ss > figure:visible")
    classes = {shown.nth(index).get_attribute("class") for index in range(shown.count())}
    assert classes == {"javascript"}
    page.reload()
    assert page.locator(".ss > figure.javascript:visible").count() == shown.count() > 10
    assert page.locator(".ss > figure.curl:visible").count() == 0
    seen.must_be_quiet()


def test_code_can_be_copied(open_page: Open, served_guides: str) -> None:
    """The copied command calls the mock that serves the page."""
    seen = open_page(f"{served_guides}quickstart", permissions=["clipboard-read"])
    figure = seen.page.locator("#read-a-balance figure").first
    figure.hover()
    figure.locator(".copy").click()
    copied = seen.page.evaluate("navigator.clipboard.readText()")
    origin = seen.page.evaluate("location.origin")
    assert copied.startswith(f"curl -s {origin}/api/v1/billing/balance")


@pytest.mark.parametrize(
    ("start", "words", "place"),
    [
        ("guides/quickstart", "inject faults", "/docs/guides/situations#inject-faults"),
        ("guides/quickstart", "create a deposit", "/docs/reference#operation-create_deposit"),
        ("guides/recipes", "a card is declined", "/docs/guides/recipes#a-card-is-declined"),
        ("reference", "webhook arrives twice", "/docs/guides/recipes#a-webhook-arrives-twice"),
    ],
)
def test_one_search_leads_to_guides_and_reference(
    open_page: Open, mock: RunningServer, start: str, words: str, place: str
) -> None:
    """The first result is the right place, on whatever page it is."""
    seen = open_page(f"{mock.url}/docs/{start}")
    page = seen.page
    page.fill("#search", words)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{mock.url}{place}")
    assert page.locator(f"[id='{place.partition('#')[2]}']").is_visible()


def test_the_way_from_the_first_page_to_a_recipe(open_page: Open, mock: RunningServer) -> None:
    """From ``/`` it takes two clicks to the quickstart and to the recipes."""
    page = open_page(f"{mock.url}/").page
    page.click("text=Guides")
    page.wait_for_url(f"{mock.url}/docs/guides/")
    page.locator("main").get_by_role("link", name="Testing recipes").click()
    page.locator("nav").get_by_role("link", name="A card is declined").click()
    assert page.url == f"{mock.url}/docs/guides/recipes#a-card-is-declined"
    page.locator("nav").get_by_role("link", name="Quickstart").click()
    page.locator("footer").get_by_role("link", name="Testing recipes").click()
    page.locator("nav").get_by_role("link", name="API reference").click()
    page.locator("nav").get_by_role("link", name="How-to guides").click()
    page.wait_for_url(f"{mock.url}/docs/guides/")
