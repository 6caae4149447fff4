"""The workbench of a document other than billing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import Open, judged
from tests.conftest import ServerFactory

pytestmark = pytest.mark.slow

NOTES = Path(__file__).parents[2] / "data" / "notes.yaml"


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_resources_are_tables(
    make_server: ServerFactory, open_page: Open, axe: str, width: int, scheme: str
) -> None:
    """Accounts, clock, faults and webhooks are there; outbox and books are not."""
    server = make_server(spec=NOTES, items=3)
    seen = open_page(f"{server.url}/_mock/#resources", width=width, scheme=scheme)
    page = seen.page
    page.get_by_text("No resource yet.").wait_for()
    with server.client(None) as mock:
        mock.headers["Authorization"] = "Bearer mine"
        mock.post("/v1/notes", json={"title": "<b>Milk</b>"}).raise_for_status()
    page.locator("td", has_text="<b>Milk</b>").wait_for()
    assert [link.split("\n")[0] for link in page.locator("nav a").all_inner_texts()] == [
        *("Requests", "Accounts", "Clock", "Faults", "Webhooks", "Resources"),
    ]
    for panel in ("resources", "requests", "accounts", "clock", "faults", "webhooks"):
        page.goto(f"{server.url}/_mock/#{panel}")
        page.locator(f".panel.{panel} h2").wait_for()
        page.wait_for_timeout(300)
        assert judged(page, axe) == [], panel
        assert page.evaluate("document.documentElement.scrollWidth") <= width, panel
    seen.must_be_quiet()


def test_a_key_in_the_query_is_copied_once(
    make_server: ServerFactory, open_page: Open, tmp_path: Path
) -> None:
    """The hidden key of a recorded query is replaced by that of the account."""
    text = NOTES.read_text(encoding="utf-8").replace(
        "      type: http\n      scheme: bearer\n",
        "      type: apiKey\n      in: query\n      name: api key\n",
    )
    spec = tmp_path / "notes.yaml"
    spec.write_text(text, encoding="utf-8")
    assert text != NOTES.read_text(encoding="utf-8")
    server = make_server(spec=spec)
    with server.client(None) as mock:
        mock.get("/v1/notes?api+key=my%20secret&a=%C3%A9")
        (sent,) = mock.get("/_mock/requests").json()["requests"]
    assert "secret" not in sent["query"]
    page = open_page(f"{server.url}/_mock/").page
    script = """async (entry) => {
      const snippets = await import("/_mock/workbench/snippets.js");
      return snippets.curl(entry, "my secret");
    }"""
    command = page.evaluate(script, {**sent, "request_body": None})
    assert command.endswith("/v1/notes?a=%C3%A9&api%20key=my%20secret'"), command


def test_an_account_of_another_document_is_reset(
    make_server: ServerFactory, open_page: Open
) -> None:
    """Its key is sent as the document's security scheme says."""
    server = make_server(spec=NOTES)
    with server.client(None) as mock:
        mock.headers["Authorization"] = "Bearer mine-own"
        mock.post("/v1/notes", json={"title": "Milk"}).raise_for_status()
    page = open_page(f"{server.url}/_mock/#accounts").page
    page.locator(".accounts").get_by_role("button", name="mi***").click()
    page.get_by_role("button", name="Copy key").wait_for()
    page.get_by_role("button", name="Reset").click()
    page.get_by_text("The account is as new.").wait_for()
    page.get_by_text("No account yet.").wait_for()


def test_a_key_in_a_cookie_changes_no_account(
    make_server: ServerFactory, open_page: Open, tmp_path: Path
) -> None:
    """A page cannot send it, so it sends no request that would concern all accounts instead."""
    spec = tmp_path / "cookies.yaml"
    bearer = "type: http\n      scheme: bearer"
    text = NOTES.read_text(encoding="utf-8")
    assert bearer in text
    spec.write_text(text.replace(bearer, "type: apiKey\n      in: cookie\n      name: session"))
    server = make_server(spec=spec)
    with server.client(None) as mock:
        for key in ("mine-own", "your-own"):
            headers = {"Cookie": f"session={key}"}
            mock.post("/v1/notes", json={"title": "Milk"}, headers=headers).raise_for_status()
        page = open_page(f"{server.url}/_mock/#accounts").page
        page.locator(".accounts").get_by_role("button", name="mi***").click()
        page.locator(".details").get_by_text("is a cookie, which this page cannot send.").wait_for()
        for action in ("Reset", "Edit state", "Rename", "Fork"):
            assert page.get_by_role("button", name=action).count() == 0, action
        page.goto(f"{server.url}/_mock/#faults")
        page.get_by_role("switch", name="Errors").click()
        page.locator(".notice.bad").get_by_text("is a cookie").wait_for()
        for panel in ("clock", "webhooks", "resources"):
            page.goto(f"{server.url}/_mock/#{panel}")
            page.locator(f".panel.{panel} h2").wait_for()
        page.get_by_text("is a cookie").last.wait_for()
        assert mock.get("/_mock/faults").json()["faults"] == []
        assert len(mock.get("/_mock/accounts").json()["accounts"]) == 2


def test_a_live_key_is_never_shown(make_server: ServerFactory, open_page: Open) -> None:
    """A mock of another document takes any credentials."""
    server = make_server(spec=NOTES)
    live = "_".join(["sk", "live", "0" * 24])
    with server.client(None) as mock:
        mock.headers["Authorization"] = f"Bearer {live}"
        mock.post("/v1/notes", json={"title": f"{live} 4242424242424242"}).raise_for_status()
        (account,) = mock.get("/_mock/accounts").json()["accounts"]
        assert mock.get(f"/_mock/accounts/{account['id']}").json()["key"] is None
    page = open_page(f"{server.url}/_mock/#requests").page
    page.locator(".log button.open").first.click()
    page.locator(".details pre").first.wait_for()
    assert live not in page.content()
    assert "4242424242424242" not in page.content()
