"""The page as the mock serves it at ``/docs/reference``."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import pytest

import mockserver.docs
from mockserver import packaged
from mockserver.docs import html
from mockserver.docs.document import Document
from mockserver.docs.options import Options
from mockserver.docs.reader import read
from tests.conftest import ServerFactory
from tests.docs.html_page import parsed
from tests.spec.contract import operations

PLACE = "/docs/reference"


def test_the_page_is_served_with_its_forms(client: httpx.Client) -> None:
    """To browsers, which send no key; the page's own policy holds, and no other page may frame it."""
    del client.headers["X-API-Key"]
    reply = client.get(PLACE)
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.headers["content-security-policy"] == "frame-ancestors 'none'"
    assert reply.text == html.live_page(read(Document.load(packaged.spec())), Options())
    assert len(list(parsed(reply.text).all("div", "try"))) == len(operations())
    assert client.post(PLACE).status_code == 405


def test_a_contract_of_ones_own_is_what_is_shown(
    make_server: ServerFactory, tmp_path: Path
) -> None:
    """--spec counts here too."""
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        packaged.spec().read_text().replace("title: AlterLab Billing API", "title: Mine & <b>", 1)
    )
    with make_server(spec=mine).client(None) as visitor:
        assert "<h1>Mine &amp; &lt;b&gt;</h1>" in visitor.get(PLACE).text


def test_without_what_the_pages_need_it_says_so(
    make_server: ServerFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mock itself needs none of it, and runs on."""
    monkeypatch.setitem(sys.modules, "markdown_it", None)
    for name in [each for each in sys.modules if each.startswith("mockserver.docs.html")]:
        monkeypatch.delitem(sys.modules, name)
        monkeypatch.delattr(mockserver.docs, name.rpartition(".")[2])
    with make_server().client("sk_test_new") as visitor:
        reply = visitor.get(PLACE)
        assert (reply.status_code, reply.text) == (
            501,
            "markdown_it is missing. Install what the pages need: '.[docs]'.",
        )
        assert visitor.get("/api/v1/billing/balance").status_code == 200


def test_a_contract_that_breaks_while_the_mock_runs_is_named(
    make_server: ServerFactory, tmp_path: Path
) -> None:
    """In one line."""
    mine = tmp_path / "mine.yaml"
    mine.write_text(packaged.spec().read_text())
    with make_server(spec=mine).client(None) as visitor:
        mine.write_text("openapi: [")
        reply = visitor.get(PLACE)
        assert reply.status_code == 500
        assert str(mine) in reply.text
        mine.write_text(packaged.spec().read_text())
        assert visitor.get(PLACE).status_code == 200
