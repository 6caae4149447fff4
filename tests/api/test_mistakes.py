"""Mistakes of clients are served as the API would serve them, and named beside the response."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mockserver import packaged
from mockserver.billing.accounts import fixtures
from mockserver.billing.accounts.key_typos import KeyTypos
from mockserver.engine.mistakes import MAX_CHARACTERS, MAX_WARNINGS, Paths
from mockserver.openapi.contract import Contract
from tests.conftest import API, RunningServer

WARNING = "X-Mock-Warning"
KEYS = [
    persona.key
    for persona in fixtures.load(packaged.fixtures()).personas.values()
    if persona.key is not None
]


@pytest.fixture
def anonymous(server: RunningServer) -> Iterator[httpx.Client]:
    """A client of the shared server without a key."""
    with server.client(None) as made:
        yield made


def warnings(response: httpx.Response) -> list[str]:
    return response.headers.get_list(WARNING)


def recorded(client: httpx.Client, path: str) -> list[dict[str, Any]]:
    exchanges = client.get("/_mock/requests", params={"limit": 1_000}).json()["requests"]
    return [exchange for exchange in exchanges if exchange["path"] == path]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("promocode", "promo_code"),
        ("promoCode", "promo_code"),
        ("Promo-Code", "promo_code"),
        ("promo_cod", "promo_code"),
        ("sucess_url", "success_url"),
        ("amount", "amount_cents"),
    ],
)
def test_a_misspelt_field_is_named(client: httpx.Client, name: str, meant: str) -> None:
    """The deposit is made, and the warning names the field that was probably meant."""
    response = client.post(f"{API}/deposit", json={"amount_cents": 1_000, name: "X"})
    assert response.status_code == 200
    assert warnings(response) == [f"Unknown field '{name}': did you mean '{meant}'?"]


def test_an_unknown_field_without_a_likely_name_is_named(client: httpx.Client) -> None:
    """There is no suggestion where no name is similar."""
    response = client.post(f"{API}/deposit", json={"amount_cents": 1_000, "zzz": 1})
    assert warnings(response) == ["Unknown field 'zzz'."]


def test_a_refused_body_has_warnings_too(client: httpx.Client) -> None:
    """The error says what is missing, and the warning says why."""
    response = client.post(f"{API}/deposit", json={"amountcents": 1_000})
    assert response.status_code == 422
    assert warnings(response) == ["Unknown field 'amountcents': did you mean 'amount_cents'?"]


@pytest.mark.parametrize("path", ["invoices?limt=3&limit=2", "balance?limt=3"])
def test_an_unknown_query_parameter_is_named(client: httpx.Client, path: str) -> None:
    """An operation that takes no parameter has warnings too."""
    response = client.get(f"{API}/{path}")
    assert response.status_code == 200
    meant = ": did you mean 'limit'?" if "invoices" in path else "."
    assert warnings(response) == [f"Unknown query parameter 'limt'{meant}"]


def test_a_correct_request_has_no_warning(client: httpx.Client) -> None:
    """All documented fields and parameters are known."""
    body = {"amount_cents": 1_000, "promo_code": None, "success_url": "https://a.test"}
    for response in (
        client.post(f"{API}/deposit", json=body),
        client.get(f"{API}/credit-transactions", params={"limit": 1, "offset": 0}),
        client.get(f"{API}/invoices", params={"limit": 1}),
    ):
        assert warnings(response) == []
    assert recorded(client, f"{API}/deposit")[0]["warnings"] == []


def test_warnings_are_recorded(client: httpx.Client) -> None:
    """``/_mock/requests`` lists what the header said."""
    response = client.get(f"{API}/recent-activity", params={"ofset": 1})
    assert recorded(client, f"{API}/recent-activity")[0]["warnings"] == warnings(response)


def test_warnings_are_bounded(client: httpx.Client) -> None:
    """There are a few short ones, and one that says that there are more."""
    fields = {f"{number}{'x' * 500}": 1 for number in range(100)}
    found = warnings(client.post(f"{API}/deposit", json={"amount_cents": 1_000, **fields}))
    assert len(found) == MAX_WARNINGS + 1
    assert found[-1] == "More warnings are left out."
    assert max(map(len, found)) <= MAX_CHARACTERS


@pytest.mark.parametrize("name", ["\r\nSet-Cookie: a=b", "\x1b[31m", "naïve", "\u202e", "\x00"])
def test_headers_contain_visible_ascii_only(client: httpx.Client, name: str) -> None:
    """A field's name cannot begin another header or control a terminal."""
    response = client.post(f"{API}/deposit", json={"amount_cents": 1_000, name: 1})
    (warning,) = warnings(response)
    assert re.fullmatch(r"[ -~]+", warning)
    assert "set-cookie" not in response.headers


def test_a_key_in_a_name_is_hidden(client: httpx.Client) -> None:
    """A key that was sent in the wrong place is not repeated."""
    secret = "sk_" + "live_abcdefgh"
    response = client.post(f"{API}/deposit", json={"amount_cents": 1_000, secret: 1})
    assert warnings(response) == ["Unknown field 'sk_live_***'."]


# --------------------------------------------------------------------------------------------- keys


def test_a_misspelt_key_is_named(server: RunningServer) -> None:
    """It is an account of its own, as always, and the warning names the persona's key."""
    with server.client("sk_test_defualt") as client:
        response = client.get(f"{API}/balance")
        expected = ["'sk_test_defualt' is a new account. Did you mean 'sk_test_default'?"]
        assert response.status_code == 200
        assert warnings(response) == expected
        assert recorded(client, f"{API}/balance")[0]["warnings"] == expected


@pytest.mark.parametrize("key", KEYS)
def test_a_personas_key_is_no_misspelt_key(key: str) -> None:
    """No two personas have similar keys."""
    assert KeyTypos(KEYS).meant(key) is None


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("sk_test_defaul", "sk_test_default"),
        ("sk_test_defaultt", "sk_test_default"),
        ("sk_test_defoult", "sk_test_default"),
        ("sk_test_power-user", "sk_test_power_user"),
        ("sk_test_pastdue", "sk_test_past_due"),
        ("k_test_new", "sk_test_new"),
        ("sk_test_default2", None),
        ("sk_test_deault2", None),
        ("sk_test_deafutl", None),
        ("sk_test_mine", None),
        ("sk_test_nwe", "sk_test_new"),
        ("sk_test_one", None),
        ("sk_test_ned", "sk_test_new"),
        ("sk_test_jew", "sk_test_new"),
        ("sk_test_wen", None),
        ("", None),
        ("sk_test_" + "x" * 190, None),
    ],
)
def test_one_edit_makes_a_misspelt_key(key: str, meant: str | None) -> None:
    """A letter is missing, added, replaced or swapped. A digit at the end is on purpose."""
    assert KeyTypos(KEYS).meant(key) == meant


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            {"Authorization": "Bearer sk_test_default"},
            ["'Authorization: Bearer' is not read here. Send the header 'X-API-Key'."],
        ),
        (
            {"Authorization": "sk_test_default"},
            ["'Authorization' is not read here. Send the header 'X-API-Key'."],
        ),
        (
            {"Api-Key": "sk_test_default"},
            ["'API-Key' is not read here. Send the header 'X-API-Key'."],
        ),
        (
            {"X-API-Key": "Bearer sk_test_default"},
            [
                "The credentials begin with an authentication scheme. "
                "Send the header 'X-API-Key' without it."
            ],
        ),
        ({"X-API-Key": "nonsense"}, []),
        ({}, []),
    ],
)
def test_credentials_in_the_wrong_place_are_named(
    anonymous: httpx.Client, headers: dict[str, str], expected: list[str]
) -> None:
    """The 401 stays as it is, and the warning says where the key belongs."""
    response = anonymous.get(f"{API}/balance", headers=headers)
    assert response.status_code == 401
    assert warnings(response) == expected


# -------------------------------------------------------------------------------------------- paths


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/api/v1/billing/ballance", "/api/v1/billing/balance"),
        ("/api/v1/billing/balance/", "/api/v1/billing/balance"),
        ("/api/v1/Billing/Balance", "/api/v1/billing/balance"),
        ("/api/v2/billing/balance", "/api/v1/billing/balance"),
        ("/api/billing/balance", "/api/v1/billing/balance"),
        ("/billing/balance", "/api/v1/billing/balance"),
        ("/balance", "/api/v1/billing/balance"),
        ("/api/v1/api/v1/billing/balance", "/api/v1/billing/balance"),
        ("/api/v1/billing/payment_methods", "/api/v1/billing/payment-methods"),
        (
            "/api/v1/billing/payment-method/pm_1/default",
            "/api/v1/billing/payment-methods/{payment_method_id}/default",
        ),
        ("/_mock/request", "/_mock/requests"),
    ],
)
def test_a_misspelt_path_is_named(anonymous: httpx.Client, path: str, meant: str) -> None:
    """The 404 names the declared path in its detail and in the warning."""
    response = anonymous.get(path)
    assert response.status_code == 404
    assert response.json() == {"detail": f"No such path: {path}. Did you mean {meant}?"}
    assert warnings(response) == [f"Unknown path: did you mean '{meant}'?"]


@pytest.mark.parametrize(
    "path", ["/api/v1/billing/nowhere", "/nothing", "/api/v1/billing", "/x" * 5_000, "/favicon.ico"]
)
def test_a_path_like_no_other_has_no_warning(anonymous: httpx.Client, path: str) -> None:
    """No suggestion is better than a wrong one."""
    response = anonymous.get(path)
    assert response.status_code == 404
    assert "Did you mean" not in response.text
    assert warnings(response) == []


def test_each_declared_path_is_its_own_nearest_path(contract: Contract) -> None:
    """No other path is more similar to a path than itself."""
    paths = Paths(contract)
    for operation in contract.operations.values():
        assert paths.nearest(operation.path) == operation.path


def test_the_warning_of_a_path_is_recorded(client: httpx.Client) -> None:
    """``/_mock/requests`` lists unknown paths with their warnings."""
    response = client.get(f"{API}/usage-brakdown")
    assert recorded(client, f"{API}/usage-brakdown")[0]["warnings"] == warnings(response) != []
