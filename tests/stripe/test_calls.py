"""The calls of the script: setup intents behave as Stripe documents its test cards."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from mockserver.billing.catalogue import TestCard
from mockserver.billing.stripe import objects
from tests.conftest import API, RunningServer, ServerFactory

from .conftest import CALLS, SHOP, TYPED, VISA, Intent, error_of, typed

DOCUMENTED = {
    "4000000000000002": ("card_declined", "generic_decline"),
    "4000000000009995": ("card_declined", "insufficient_funds"),
    "4000000000009987": ("card_declined", "lost_card"),
    "4000000000009979": ("card_declined", "stolen_card"),
    "4000000000000069": ("expired_card", None),
    "4000000000000127": ("incorrect_cvc", None),
    "4000000000000119": ("processing_error", None),
    "4100000000000019": ("card_declined", "fraudulent"),
    "4000000000006975": ("card_declined", "card_velocity_exceeded"),
}
"""Code and decline code from Stripe's page on testing."""

AUTHENTICATED = "4000002760003184"


def test_a_new_intent_has_stripes_fields(intent: Intent) -> None:
    """It has all fields of Stripe's object, and none of the account's."""
    response = intent.call()
    assert response.status_code == 200
    assert response.json() == {
        "id": intent.id,
        "object": "setup_intent",
        "cancellation_reason": None,
        "client_secret": intent.secret,
        "created": 1_773_835_200,
        "description": None,
        "last_setup_error": None,
        "livemode": False,
        "next_action": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        "usage": "off_session",
    }


@pytest.mark.parametrize("card", TYPED, ids=lambda card: card.id)
def test_every_test_card_behaves_as_the_catalogue_says(
    owner: httpx.Client, intent: Intent, card: TestCard
) -> None:
    """After authentication and bank, the card can be added, with its brand and last digits."""
    response = intent.confirm(card.number or "")
    if card.authentication != "never":
        assert response.status_code == 200
        assert (response.json()["status"], response.json()["next_action"]["type"]) == (
            "requires_action",
            "use_stripe_sdk",
        )
        response = intent.call("/authenticate", outcome="pass")
    if card.declines_attach is not None and card.authentication == "never":
        error = error_of(response, 402)
        assert error["type"] == "card_error"
        assert error["payment_method"]["card"]["last4"] == card.last4
        assert error["setup_intent"]["status"] == "requires_payment_method"
        return
    assert response.status_code == 200
    set_up = response.json()
    if card.declines_attach is not None:
        assert (set_up["status"], set_up["payment_method"]) == ("requires_payment_method", None)
        assert set_up["last_setup_error"]["type"] == "card_error"
        return
    assert (set_up["status"], set_up["next_action"], set_up["last_setup_error"]) == (
        "succeeded",
        None,
        None,
    )
    before = owner.get(f"{API}/payment-methods").json()["payment_methods"]
    assert set_up["payment_method"] not in {card["stripe_payment_method_id"] for card in before}
    added = owner.post(
        f"{API}/payment-methods", json={"payment_method_id": set_up["payment_method"]}
    )
    assert added.status_code == 200, added.text
    listed = owner.get(f"{API}/payment-methods").json()["payment_methods"][0]
    assert (listed["card_brand"], listed["card_last4"]) == (card.brand, card.last4)
    assert (listed["card_exp_month"], listed["card_exp_year"]) == (12, 2030)


@pytest.mark.parametrize(("number", "codes"), DOCUMENTED.items())
def test_a_decline_has_the_codes_that_stripe_documents(
    intent: Intent, number: str, codes: tuple[str, str | None]
) -> None:
    """It has ``card_declined`` with a decline code, or another code, and a text."""
    error = error_of(intent.confirm(number), 402)
    assert (error["code"], error.get("decline_code")) == codes
    assert error["message"].endswith(".")
    again = intent.call().json()["last_setup_error"]
    assert {name: again[name] for name in ("code", "message", "type")} == {
        name: error[name] for name in ("code", "message", "type")
    }


def test_every_declining_card_is_documented() -> None:
    """No declining card is missing in the table."""
    assert {
        card.number for card in TYPED if card.declines_attach and card.authentication == "never"
    } <= set(DOCUMENTED)


def test_a_card_that_is_declined_later_sets_up(owner: httpx.Client, intent: Intent) -> None:
    """4000000000000341 can be set up and added; only charges are declined."""
    method = intent.confirm("4000000000000341").json()["payment_method"]
    assert (
        owner.post(f"{API}/payment-methods", json={"payment_method_id": method}).status_code == 200
    )


def test_after_a_decline_another_card_sets_up(intent: Intent) -> None:
    """The intent can be used again."""
    error_of(intent.confirm("4000000000000002"), 402)
    assert intent.confirm().json()["status"] == "succeeded"
    error = error_of(intent.confirm(), 400)
    assert (error["code"], error["setup_intent"]["status"]) == (
        "setup_intent_unexpected_state",
        "succeeded",
    )


def test_failed_authentication_has_stripes_code(intent: Intent) -> None:
    """The intent then needs a payment method again."""
    assert intent.confirm(AUTHENTICATED).json()["status"] == "requires_action"
    failed = intent.call("/authenticate", outcome="fail").json()
    assert (failed["status"], failed["payment_method"]) == ("requires_payment_method", None)
    assert failed["last_setup_error"]["code"] == "setup_intent_authentication_failure"
    assert failed["last_setup_error"]["type"] == "invalid_request_error"
    assert (
        error_of(intent.call("/authenticate", outcome="pass"), 400)["code"]
        == "setup_intent_unexpected_state"
    )


def test_a_published_id_can_be_set_up_too(intent: Intent) -> None:
    """The id of a payment method replaces a card, as in Stripe's test mode."""
    done = intent.call(
        "/confirm", payment_method="pm_card_mastercard", expand=["payment_method"]
    ).json()
    assert done["payment_method"]["card"]["brand"] == "mastercard"
    assert done["payment_method"]["card"]["exp_year"] == 2029


@pytest.mark.parametrize(
    ("card", "code", "param"),
    [
        (typed("4242424242424241"), "incorrect_number", "number"),
        (typed(""), "incorrect_number", "number"),
        (typed(exp_year=2025), "invalid_expiry_year", "exp_year"),
        (typed(exp_month=2, exp_year=2026), "invalid_expiry_month", "exp_month"),
        (typed(cvc="1"), "invalid_cvc", "cvc"),
        (typed("4539578763621486"), "card_declined", None),
    ],
)
def test_an_invalid_card_is_refused_by_every_call(
    page: httpx.Client, intent: Intent, card: dict[str, Any], code: str, param: str | None
) -> None:
    """The error names the field, and the intent is unchanged."""
    before = intent.call().json()
    for response in (
        page.post(f"{CALLS}/payment_methods", json=card),
        intent.call("/confirm", payment_method_data=card),
    ):
        error = error_of(response, 402)
        assert (error["code"], error.get("param"), error["type"]) == (code, param, "card_error")
        assert card["card"]["number"] not in error["message"] or not card["card"]["number"]
    assert intent.call().json() == before


def test_another_number_is_treated_as_a_real_card(page: httpx.Client) -> None:
    """As in Stripe's test mode, it is declined."""
    error = error_of(page.post(f"{CALLS}/payment_methods", json=typed("4539578763621486")), 402)
    assert error["decline_code"] == "test_mode_live_card"


def test_a_payment_method_has_stripes_fields(page: httpx.Client) -> None:
    """It has no customer, the typed details, and a new id each time."""
    billing = {"name": "Jenny <script>", "address": {"postal_code": "12345", "country": "US"}}
    sent = {**typed("5555555555554444"), "billing_details": billing}
    first, second = (page.post(f"{CALLS}/payment_methods", json=sent).json() for _ in range(2))
    assert first["id"] != second["id"]
    assert (first["object"], first["type"], first["customer"]) == ("payment_method", "card", None)
    assert first["billing_details"]["name"] == "Jenny <script>"
    assert first["billing_details"]["address"]["postal_code"] == "12345"
    card = first["card"]
    assert (card["brand"], card["last4"], card["exp_month"], card["exp_year"]) == (
        "mastercard",
        "4444",
        12,
        2030,
    )


def test_tokens_stand_for_payment_methods(page: httpx.Client) -> None:
    """Stripe's published tokens and those of the script work."""
    made = page.post(f"{CALLS}/payment_methods", json={"type": "card", "token": "tok_visa"}).json()
    assert (made["id"], made["card"]["last4"]) == ("pm_card_visa", "4242")
    typed_in = page.post(f"{CALLS}/payment_methods", json=typed()).json()["id"]
    token = typed_in.replace("pm_", "tok_", 1)
    assert (
        page.post(f"{CALLS}/payment_methods", json={"type": "card", "token": token}).json()["id"]
        == typed_in
    )
    assert error_of(page.post(f"{CALLS}/payment_methods", json={"type": "card", "token": "x"}), 404)
    assert (
        error_of(page.post(f"{CALLS}/payment_methods", json={"type": "card"}), 400)["param"]
        == "card"
    )


def test_the_same_seed_makes_the_same_ids(make_server: ServerFactory) -> None:
    """A reset of everything repeats them too."""

    def made(server: RunningServer) -> list[str]:
        with server.client(None) as page:
            return [
                page.post(f"{CALLS}/payment_methods", json=typed()).json()["id"] for _ in range(3)
            ]

    first, again, other = make_server(seed=7), make_server(seed=7), make_server(seed=8)
    ids = made(first)
    assert len({*ids, *made(other)}) == 6
    assert made(again) == ids
    again.world.reset()
    assert made(again) == ids


def test_unknown_id_and_wrong_secret_look_the_same(
    page: httpx.Client, intent: Intent, owner: httpx.Client
) -> None:
    """The error does not reveal which intents exist."""
    other = owner.post(f"{API}/setup-intent").json()
    responses = []
    for id, secret in [
        (intent.id, other["client_secret"]),
        (intent.id, ""),
        (intent.id, f"{intent.id}_secret_x"),
        ("seti_nope", intent.secret),
    ]:
        for step in ("", "/confirm", "/authenticate"):
            response = page.post(
                f"{CALLS}/setup_intents/{id}{step}", json={"client_secret": secret}
            )
            error = error_of(response, 404)
            assert (error["code"], error["param"]) == ("resource_missing", "intent")
            responses.append(response.text.replace(id, "ID"))
    assert len(set(responses)) == 1
    assert intent.call().json()["status"] == "requires_payment_method"


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"", 400, "must be JSON"),
        (b"{", 400, "must be JSON"),
        (b"\xff", 400, "must be JSON"),
        (b'{"client_secret": "x", "deep": ' + b"[" * 19_000, 400, "must be JSON"),
        (b"null", 400, "Expected `object`, got `null`"),
        (b"{}", 400, "missing required field `client_secret`"),
        (b'{"client_secret": 5}', 400, "Expected `str`, got `int` - at `$.client_secret`"),
        (b'{"client_secret": "%s"}' % (b"x" * 300), 400, "length <= 255"),
        (b" " * 20_001, 413, "More than 20000 bytes"),
    ],
)
def test_an_invalid_body_is_refused(
    intent: Intent, body: bytes, status: int, sentence: str
) -> None:
    """The error has the place, in Stripe's form."""
    error = error_of(
        intent.page.post(f"{CALLS}/setup_intents/{intent.id}/confirm", content=body), status
    )
    assert sentence in error["message"]


@pytest.mark.parametrize(
    "card",
    [
        {"number": 4242424242424242, "exp_month": 12, "exp_year": 2030},
        {"number": VISA, "exp_month": "4242424242424242", "exp_year": 2030},
        {"number": [VISA], "exp_month": 12, "exp_year": 2030},
        {"number": VISA, "exp_month": 12, "exp_year": 4242424242424242},
        {"number": f"{VISA}x", "exp_month": 12, "exp_year": 2030},
        {"number": VISA * 40, "exp_month": 12, "exp_year": 2030},
    ],
)
def test_a_number_is_never_echoed(page: httpx.Client, card: dict[str, Any]) -> None:
    """No error repeats the card number."""
    response = page.post(f"{CALLS}/payment_methods", json={"type": "card", "card": card})
    assert response.status_code in (400, 402)
    assert VISA not in response.text


def test_numbers_and_secrets_are_kept_nowhere(
    frozen: RunningServer,
    owner: httpx.Client,
    key: str,
    intent: Intent,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """They are in no account, recorded request or log."""
    with caplog.at_level(logging.DEBUG):
        intent.confirm("4000000000000002", cvc="987")
        intent.confirm("4242424242424241", cvc="987")
        intent.confirm(VISA, cvc="987")
        intent.page.post(f"{CALLS}/payment_methods", json=typed(VISA, cvc="987"))
    state = owner.get("/_mock/state")
    requests = owner.get("/_mock/requests?limit=100")
    assert (state.status_code, requests.status_code) == (200, 200)
    for text in (state.text, requests.text, caplog.text):
        assert not any(
            secret in text for secret in (VISA, "4000000000000002", "4242424242424241", '"987"')
        )
    assert intent.secret not in caplog.text + requests.text
    assert not frozen.world.state.violations(key)


def test_a_defect_of_the_mock_is_an_api_error(
    page: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The page gets Stripe's form, and the log the place without the card."""

    def fail(*_: Any) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(objects, "payment_method", fail)
    error = error_of(page.post(f"{CALLS}/payment_methods", json=typed()), 500)
    assert (error["type"], error["message"].endswith("Please report it.")) == ("api_error", True)
    assert "a fault" in caplog.text
    assert VISA not in caplog.text


def test_pages_of_any_origin_may_call(page: httpx.Client, intent: Intent) -> None:
    """A preflight allows what the page asks for, and the page may read the response."""
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,sentry-trace",
    }
    preflight = page.options(f"{CALLS}/payment_methods", headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-headers"] == "content-type,sentry-trace"
    for response in (preflight, intent.call()):
        assert response.headers["access-control-allow-origin"] == SHOP
        assert response.headers["access-control-allow-credentials"] == "true"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{CALLS}/payment_methods", 405),
        ("GET", f"{CALLS}/setup_intents/seti_1", 405),
        ("POST", "/_mock/stripe.js", 405),
        ("GET", f"{CALLS}/customers", 404),
        ("POST", f"{CALLS}/setup_intents", 404),
        ("POST", f"{CALLS}/setup_intents/seti_1/cancel", 404),
        ("GET", "/_mock/stripe/", 404),
    ],
)
def test_unsupported_calls_are_named(
    page: httpx.Client, method: str, path: str, status: int
) -> None:
    """The error has method and path, in Stripe's form."""
    response = page.request(method, path)
    assert f"({method}: {path})" in error_of(response, status)["message"]
    assert ("allow" in response.headers) == (status == 405)


@pytest.mark.parametrize(
    "path", ["/_mock/reset", "/_mock/stripe", "/_mock/stripe.jsx", "/_mock/stripes/v1"]
)
def test_the_control_api_stays_guarded(frozen: RunningServer, path: str) -> None:
    """Only the stand-in's paths are open."""
    with frozen.client(None) as client:
        assert client.post(path, headers={"Origin": SHOP}).status_code == 403


def test_a_setup_is_in_the_audit_log(owner: httpx.Client, intent: Intent) -> None:
    """Every outcome is logged with the payer as its actor."""
    intent.confirm("4000000000000002")
    intent.confirm(AUTHENTICATED)
    intent.call("/authenticate", outcome="fail")
    intent.confirm(AUTHENTICATED)
    intent.call("/authenticate", outcome="pass")
    entries = owner.get(f"{API}/audit-log").json()["entries"]
    assert [(entry["action"], entry["actor"]) for entry in reversed(entries)][-6:] == [
        ("setup_intent.created", "api_key"),
        ("setup_intent.setup_failed", "payer"),
        ("setup_intent.requires_action", "payer"),
        ("setup_intent.setup_failed", "payer"),
        ("setup_intent.requires_action", "payer"),
        ("setup_intent.succeeded", "payer"),
    ]


def test_a_half_done_setup_survives_export_and_import(owner: httpx.Client, intent: Intent) -> None:
    """The state has the setup intents."""
    intent.confirm(AUTHENTICATED)
    state = owner.get("/_mock/state").json()
    intent.call("/authenticate", outcome="pass")
    assert owner.put("/_mock/state", json=state).status_code == 200
    assert intent.call().json()["status"] == "requires_action"
    assert intent.call("/authenticate", outcome="pass").json()["status"] == "succeeded"
