"""Every operation of the control API is refused to another origin."""

from __future__ import annotations

import re

import httpx
import pytest

from mockserver import packaged
from mockserver.control import document

OPERATIONS = [
    (operation.method.upper(), "/_mock" + re.sub(r"\{\w+\}", "x", operation.path))
    for operation in document.load(packaged.billing_control_spec(), {}).operations.values()
]
OTHERS = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
]


@pytest.mark.parametrize("sent", OTHERS, ids=str)
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_another_origin_is_refused(
    mock: httpx.Client, method: str, path: str, sent: dict[str, str]
) -> None:
    """The 403 has no CORS header, and nothing changes."""
    mock.headers["X-API-Key"] = "sk_test_subscriber"
    before = [mock.get(f"/_mock/{what}").raise_for_status().json() for what in ("state", "clock")]
    response = mock.request(
        method, path, headers=sent, json={} if method in ("POST", "PUT") else None
    )
    assert response.status_code == 403
    assert "other origins" in response.json()["detail"]
    assert not [name for name in response.headers if name.startswith("access-control-")]
    assert [
        mock.get(f"/_mock/{what}").raise_for_status().json() for what in ("state", "clock")
    ] == before


def test_every_operation_is_tried() -> None:
    """The parameters cover all operations of the document."""
    assert len(OPERATIONS) > 15
    assert {method for method, _ in OPERATIONS} >= {"GET", "POST", "PUT"}
