"""Nothing of billing is shown beside a document that is not ours."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path

import httpx
import pytest

from tests.cli.program import Program, serving
from tests.resources.documents import BEARER, NOTE, NOTES

WORDS = re.compile(
    r"sk_test|alterlab|billing|persona|ledger|deposit|invoice|stripe|x-api-key|organi[sz]ation|"
    r"credit|check ?out page",
    re.IGNORECASE,
)
PAGES = ("/openapi.json", "/openapi.yaml", "/docs/reference")


def test_the_banner_speaks_of_the_document(program: Program) -> None:
    """Its title and its operations; no keys and no balance."""
    banner = program.stdout
    assert banner.startswith("Mock of Notes on http://127.0.0.1:")
    assert "served from" not in banner
    assert not WORDS.search(banner)
    assert program.stderr == ""


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", NOTE), ("GET", "/v1/notes"), ("DELETE", NOTE), ("GET", "/v1/x"), ("PUT", NOTE)],
)
def test_no_response_has_headers_of_billing(client: httpx.Client, method: str, path: str) -> None:
    """No balance and no rate limit."""
    response = client.request(method, path)
    text = str(response.headers.raw)
    assert not WORDS.search(text)
    assert "ratelimit" not in text.lower()


@pytest.mark.parametrize("path", PAGES)
def test_no_page_speaks_of_billing(client: httpx.Client, path: str) -> None:
    """But for the sentence of the document itself."""
    text = client.get(path).raise_for_status().text
    own = "Five operations, for a document that has nothing in common with billing."
    assert not WORDS.search(text.replace(own, ""))


def test_the_interactive_docs_call_this_mock_below_the_base_path(client: httpx.Client) -> None:
    """And not the deployment that the document names."""
    servers = client.get("/openapi.json").json()["servers"]
    assert [server["url"] for server in servers] == ["/v1"]
    assert 'data-key="mock"' in client.get("/docs/reference").text


def test_the_control_api_describes_itself_without_billing(client: httpx.Client) -> None:
    """What billing adds is merged in only where billing is served."""
    document = client.get("/_mock/openapi.json").json()
    found = {match[0].lower() for match in WORDS.finditer(json.dumps(document, ensure_ascii=False))}
    assert found == set()
    assert document["components"]["securitySchemes"]["ApiKey"] == {
        "type": "http",
        "scheme": "bearer",
    }


@pytest.mark.slow
def test_a_changed_document_is_served_anew(tmp_path: Path) -> None:
    """``--watch``: routes, rules, errors and credentials are those of the saved document."""
    spec = tmp_path / "notes.yaml"
    shutil.copy(NOTES, spec)
    changed = spec.read_text(encoding="utf-8")
    for before, after in (
        ("operationId: list_notes", "operationId: list_all_notes"),
        ("maximum: 50, default", "maximum: 5, default"),
        ("required: [code, message]", "required: [code, title]"),
        ("message: { type: string }", "title: { type: string }"),
        ("message: The title is too long.", "title: The title is too long."),
    ):
        assert before in changed
        changed = changed.replace(before, after)
    with serving("--spec", spec, "--port", "0", "--watch") as program, program.client() as client:
        assert client.get("/v1/notes?limit=6", headers=BEARER).status_code == 200
        spec.write_text(changed, encoding="utf-8")
        deadline = time.monotonic() + 10
        while "Reloaded" not in program.stdout and time.monotonic() < deadline:
            time.sleep(0.02)
        assert "GET /notes (list_all_notes) is new" in program.stdout or "changed" in program.stdout
        refused = client.get("/v1/notes?limit=6", headers=BEARER)
        assert refused.status_code == 422
        assert refused.json() == {
            "code": "invalid",
            "title": "query.limit: Input should be less than or equal to 5",
        }
        assert "Traceback" not in program.stderr
