"""3-D Secure on the pages: required, passed and failed."""

from __future__ import annotations

import html
import re

import httpx
import pytest

from mockserver import packaged
from mockserver.billing.accounts import fixtures
from tests.conftest import API
from tests.hosted.conftest import SHOP, Opener, balance, session_id, text_of

CATALOGUE = fixtures.load(packaged.fixtures()).catalogue
ASKING = [card.id for card in CATALOGUE.test_cards if card.authentication != "never"]
PAYING = [
    id for id in ASKING if CATALOGUE.card(id).declines_charge in (None, "authentication_required")
]
ALWAYS = "pm_card_authenticationRequired"
ONCE = "pm_card_authenticationRequiredOnSetup"
DEPOSIT = 5_000_000_000


def finish_challenge(client: httpx.Client, step: httpx.Response, outcome: str) -> httpx.Response:
    """Follow the redirect to the bank's page and press one of its buttons."""
    assert step.status_code == 303
    page = client.get(step.headers["location"])
    assert page.status_code == 200
    assert text_of(page, f"authentication-{outcome}") is not None
    (action,) = re.findall(r'<form method="post" action="([^"]+)"', page.text)
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    fields = {name: html.unescape(value) for name, value in hidden}
    return client.post(html.unescape(action), data={**fields, "authentication": outcome})


@pytest.fixture
def portal(client: httpx.Client) -> str:
    """The path of a portal page."""
    return httpx.URL(client.post(f"{API}/portal").json()["url"]).path


@pytest.mark.parametrize("card", ASKING)
def test_a_card_with_authentication_leads_to_its_bank(
    client: httpx.Client, open_deposit: Opener, card: str
) -> None:
    """The page shows the payment and the card, and nothing is charged yet."""
    path = open_deposit(success_url=SHOP)
    before = client.get("/_mock/state").json()
    step = client.post(f"{path}/pay", data={"card": card})
    page = client.get(step.headers["location"])
    assert httpx.URL(step.headers["location"]).path == f"{path}/authentication"
    assert text_of(page, "amount") == "$50.00"
    assert text_of(page, "card") == f"Visa •••• {CATALOGUE.card(card).last4}"
    assert client.get("/_mock/state").json() == before


@pytest.mark.parametrize("card", PAYING)
def test_passing_pays(client: httpx.Client, open_deposit: Opener, card: str) -> None:
    """The browser returns to the shop, and repeated forms pay once."""
    path = open_deposit(success_url=f"{SHOP}/?s={{CHECKOUT_SESSION_ID}}")
    before = balance(client)
    step = client.post(f"{path}/pay", data={"card": card})
    for _ in range(2):
        paid = (
            finish_challenge(client, step, "pass")
            if balance(client) == before
            else client.post(f"{path}/pay")
        )
        assert (paid.status_code, paid.headers["location"]) == (
            303,
            f"{SHOP}/?s={session_id(path)}",
        )
        assert balance(client) == before + DEPOSIT


@pytest.mark.parametrize("card", ASKING)
def test_failing_pays_nothing(client: httpx.Client, open_deposit: Opener, card: str) -> None:
    """The status is 402 with Stripe's reason, and the session stays open."""
    path = open_deposit(success_url=SHOP)
    before = balance(client)
    page = finish_challenge(client, client.post(f"{path}/pay", data={"card": card}), "fail")
    assert page.status_code == 402
    assert "payment_intent_authentication_failure" in (text_of(page, "problem") or "")
    state = client.get("/_mock/state").json()["checkout_sessions"][session_id(path)]
    assert (state["closed"], state["last_decline_code"]) == (
        None,
        "payment_intent_authentication_failure",
    )
    assert balance(client) == before
    assert client.post(f"{path}/pay", data={"card": "pm_card_visa"}).status_code == 303


def test_a_card_may_be_declined_after_its_holder_passed(
    client: httpx.Client, open_deposit: Opener
) -> None:
    """Authentication does not guarantee the payment."""
    path = open_deposit()
    step = client.post(
        f"{path}/pay",
        data={"card": "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds"},
    )
    page = finish_challenge(client, step, "pass")
    assert (page.status_code, "insufficient_funds" in (text_of(page, "problem") or "")) == (
        402,
        True,
    )


@pytest.mark.parametrize("outcome", ["", "passed", "yes", "<script>"])
def test_only_the_buttons_of_the_bank_authenticate(
    client: httpx.Client, open_deposit: Opener, outcome: str
) -> None:
    """Any other value shows the bank's page again."""
    path = open_deposit()
    step = client.post(f"{path}/pay", data={"card": ALWAYS, "authentication": outcome})
    assert (step.status_code, httpx.URL(step.headers["location"]).path) == (
        303,
        f"{path}/authentication",
    )


def test_a_default_card_with_authentication_leads_to_its_bank(
    client: httpx.Client, open_deposit: Opener, portal: str
) -> None:
    """A form without a card pays with the default one."""
    added = client.post(f"{API}/payment-methods", json={"payment_method_id": ALWAYS}).json()
    client.post(f"{portal}/default", data={"card": added["id"]})
    path = open_deposit()
    step = client.post(f"{path}/pay")
    assert text_of(client.get(step.headers["location"]), "card") == "Visa •••• 3184"
    assert text_of(finish_challenge(client, step, "pass"), "state") == "This session has been paid."


def test_a_closed_session_needs_no_authentication(
    client: httpx.Client, open_deposit: Opener
) -> None:
    """The bank's page shows that the session is paid or expired."""
    paid, expired = open_deposit(), open_deposit()
    client.post(f"{paid}/pay")
    client.post(f"/_mock/checkout-sessions/{session_id(expired)}/expire").raise_for_status()
    for path, says in ((paid, "has been paid"), (expired, "has expired")):
        page = client.get(f"{path}/authentication?card={ALWAYS}")
        assert says in (text_of(page, "state") or "")
        assert text_of(page, "authentication-pass") is None


def test_a_plan_is_bought_with_authentication(client: httpx.Client) -> None:
    """The card is then on file, and the default."""
    body = {"price_id": "price_starter_monthly", "success_url": SHOP, "cancel_url": SHOP}
    path = httpx.URL(client.post(f"{API}/checkout", json=body).json()["url"]).path
    assert (
        finish_challenge(client, client.post(f"{path}/pay", data={"card": ONCE}), "pass").headers[
            "location"
        ]
        == SHOP
    )
    assert client.get(f"{API}/subscription").json()["plan"] == "starter"


@pytest.mark.parametrize(
    "query", ["", "?card=nonsense", "?card=<script>alert(1)</script>", "?step=remove&card=pm_x"]
)
@pytest.mark.parametrize("of", ["checkout", "portal"])
def test_the_banks_page_of_an_unknown_card_is_404(
    client: httpx.Client, open_deposit: Opener, portal: str, of: str, query: str
) -> None:
    """Only the default card of a checkout may be left out."""
    page = client.get(f"{open_deposit() if of == 'checkout' else portal}/authentication{query}")
    is_checkout = of == "checkout" and query in ("", "?step=remove&card=pm_x")
    assert page.status_code == (200 if is_checkout else 404)
    assert "<script" not in page.text


@pytest.mark.parametrize("card", ASKING)
def test_the_portal_adds_a_card_after_authentication(
    client: httpx.Client, portal: str, card: str
) -> None:
    """Setup needs authentication even if later charges do not."""
    step = client.post(f"{portal}/add", data={"card": card})
    assert card not in client.get(f"{API}/payment-methods").text
    failed = finish_challenge(client, step, "fail")
    assert (
        failed.status_code,
        "setup_intent_authentication_failure" in (text_of(failed, "problem") or ""),
    ) == (402, True)
    assert card not in client.get(f"{API}/payment-methods").text
    assert finish_challenge(client, step, "pass").headers["location"] == f"{portal}?done=add"
    assert card in client.get(f"{API}/payment-methods").text


@pytest.mark.parametrize("outcome", ["pass", "fail"])
def test_the_portal_changes_a_plan_after_authentication(
    client: httpx.Client, portal: str, outcome: str
) -> None:
    """The bank's page shows the immediate price of the change."""
    client.post(f"{portal}/add", data={"card": ALWAYS, "authentication": "pass"})
    wallet = client.get("/_mock/state").json()["wallet"]
    own = next(card["id"] for card in wallet["cards"] if card["stripe_id"] == ALWAYS)
    client.post(f"{portal}/default", data={"card": own})
    step = client.post(f"{portal}/plan", data={"price": "price_starter_monthly"})
    assert text_of(client.get(step.headers["location"]), "amount") == "$29.00"
    response = finish_challenge(client, step, outcome)
    plan = client.get(f"{API}/subscription").json()["plan"]
    assert (response.status_code, plan) == (
        (303, "starter") if outcome == "pass" else (402, "free")
    )
