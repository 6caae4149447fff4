"""The page that the mock serves at ``/docs/reference``."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx

from mockserver import packaged
from mockserver.docs import guides, html
from mockserver.docs.options import Options
from tests.browser import ROOT
from tests.conftest import ServerFactory
from tests.docs.contract_reference import REFERENCE, declared_headings
from tests.docs.html_page import parsed
from tests.outside.tools import run

PLACE = "/docs/reference"


def test_the_page_is_served_with_its_forms(client: httpx.Client) -> None:
    """No key is needed, the page has its own policy, and no other page may frame it."""
    del client.headers["X-API-Key"]
    reply = client.get(PLACE)
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.headers["content-security-policy"] == "frame-ancestors 'none'"
    origin = str(client.base_url).rstrip("/")
    loaded = guides.load(packaged.guides())
    options = Options(api_key="sk_test_default", origin=origin, command="", guides=loaded)
    assert reply.text == html.live_page(REFERENCE, options)
    assert len(list(parsed(reply.text).all("div", "try"))) == len(declared_headings())
    assert client.post(PLACE).status_code == 405


def test_the_page_shows_the_contract_of_spec(make_server: ServerFactory, tmp_path: Path) -> None:
    """The page is made from the document of ``--spec``."""
    mine = tmp_path / "mine.yaml"
    text = packaged.spec().read_text()
    assert f"title: {REFERENCE.title}\n" in text
    mine.write_text(text.replace(f"title: {REFERENCE.title}\n", "title: Mine & <b>\n", 1))
    with make_server(spec=mine).client(None) as visitor:
        assert '<h1 id="start">Mine &amp; &lt;b&gt;</h1>' in visitor.get(PLACE).text


def test_what_the_page_needs_is_not_imported_at_the_start() -> None:
    """Only the first request for the page costs it."""
    code = (
        "import sys; from mockserver import app, banner, packaged; "
        "from mockserver.settings import Settings; "
        "app.build(Settings(packaged.spec(), packaged.fixtures())); "
        "print(*sys.modules)"
    )
    output = run([sys.executable, "-c", code], cwd=ROOT, within=30).stdout.split()
    assert not {"markdown_it", "pygments", "mockserver.docs.html"} & set(output)


def test_the_page_is_that_of_the_served_contract(
    make_server: ServerFactory, tmp_path: Path
) -> None:
    """A file that has been broken since then changes nothing."""
    mine = tmp_path / "mine.yaml"
    mine.write_text(packaged.spec().read_text())
    with make_server(spec=mine).client(None) as visitor:
        mine.write_text("openapi: [")
        assert visitor.get(PLACE).status_code == 200


def test_the_samples_have_the_address_of_the_mock(client: httpx.Client) -> None:
    """It is that of the request, so a copied command reaches the mock without scripts too."""
    page = parsed(client.get(PLACE).text)
    samples = [block.text for block in page.all("pre") if block.text.startswith("curl -X")]
    assert len(samples) >= len(declared_headings())
    assert all(str(client.base_url).rstrip("/") in sample for sample in samples)
    named = parsed(client.get(PLACE, headers={"Host": "billing.test:81"}).text)
    assert "curl -X GET http://billing.test:81/api" in named.text
    hostile = client.get(PLACE, headers={"Host": 'x"><script>alert(1)</script>'})
    assert "<script>alert" not in hostile.text


def test_each_operation_has_a_page_with_its_title(client: httpx.Client) -> None:
    """It is the whole page, opened at the operation, with a title and a description of its own."""
    page = parsed(client.get(f"{PLACE}/create_deposit").text)
    assert next(page.all("title")).text == f"Create a deposit · {REFERENCE.title} reference"
    described = [
        meta.attributes["content"]
        for meta in page.all("meta")
        if meta.attributes.get("name") == "description"
    ]
    assert len(described) == 1
    assert described[0].startswith("Opens a checkout session for a deposit.")
    assert page.at("content").attributes["data-start"] == "operation-create_deposit"
    assert client.get(f"{PLACE}/no_such_operation").status_code == 404
