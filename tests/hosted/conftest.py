"""Helpers for the tests of pages: sessions to be paid, and a reader of pages."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.conftest import API

SHOP = "https://shop.example.com"
Opener = Callable[..., str]


@pytest.fixture
def open_deposit(client: httpx.Client) -> Opener:
    """Open a deposit of $50, with more fields if given, and return the path of its page."""

    def open(**more: Any) -> str:
        response = client.post(f"{API}/deposit", json={"amount_cents": 5000, **more})
        assert response.status_code == 200, response.text
        return httpx.URL(response.json()["url"]).path

    return open


def text_of(page: httpx.Response, name: str) -> str | None:
    """Return the text of the element with a test id, or None if the page has none."""
    found = re.search(rf'data-testid="{name}"[^>]*>(.*?)</', page.text, re.DOTALL)
    return " ".join(html.unescape(found[1]).split()) if found else None


def offered(page: httpx.Response) -> dict[str, dict[str, str]]:
    """Return the cards that a page offers: by group, the label of each id."""
    groups = re.findall(r'<optgroup label="([^"]*)">(.*?)</optgroup>', page.text, re.DOTALL)
    option = re.compile(r'<option value="([^"]*)">(.*?)</option>')
    return {html.unescape(label): dict(option.findall(inside)) for label, inside in groups}


def balance(client: httpx.Client) -> int:
    """Return the account's balance in microcents."""
    response = client.get(f"{API}/balance")
    assert response.status_code == 200, response.text
    amount: int = response.json()["balance_microcents"]
    return amount


def session_id(path: str) -> str:
    """Return the session of a page."""
    return path.rpartition("/")[2]
