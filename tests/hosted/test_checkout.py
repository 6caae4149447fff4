"""The checkout page."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest

from mockserver import packaged
from mockserver.billing import checkout
from mockserver.billing.accounts import fixtures
from tests.conftest import API
from tests.hosted.conftest import SHOP, Opener, balance, offered, session_id, text_of
from tests.hosted.routes import pages

CARDS = fixtures.load(packaged.fixtures()).catalogue.test_cards
DEPOSIT = 5_000_000_000
"""$50 in microcents."""
BACK = f"{SHOP}/done?session={{CHECKOUT_SESSION_ID}}&lang=en"


def test_the_page_shows_the_payment(client: httpx.Client, open_deposit: Opener) -> None:
    """It shows item, amount, that no money moves, and the cards, the account's own first."""
    page = client.get(open_deposit())
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert text_of(page, "amount") == "$50.00"
    assert text_of(page, "test-mode") == "Test mode: this is a mock, and no money moves."
    assert "Deposit" in page.text
    assert text_of(page, "pay-typed") == "Pay $50.00"
    assert text_of(page, "pay") == "Charge this card"
    cards = offered(page)
    assert list(cards) == ["On file", "Pays", "Asks for authentication (3-D Secure)", "Declined"]
    assert cards["On file"] == {"pm_card_visa": "Visa •••• 4242, 12/29, default"}
    assert cards["Pays"]["pm_card_amex"] == "American Express •••• 8431"
    assert (
        cards["Declined"]["pm_card_chargeDeclinedLostCard"] == "Visa •••• 9987, declined: lost_card"
    )
    assert "3155, only once" in str(cards["Asks for authentication (3-D Secure)"])


def test_every_behaviour_is_offered_once(client: httpx.Client, open_deposit: Opener) -> None:
    """Every outcome can be chosen, and no card is listed twice."""
    cards = [id for group in offered(client.get(open_deposit())).values() for id in group]
    assert len(cards) == len(set(cards))
    behaviours = {
        id: (card.declines_charge, card.authentication) for card in CARDS for id in [card.id]
    }
    assert {behaviours[id] for id in cards} == set(behaviours.values())
    assert "pm_card_visa_chargeDeclined" not in cards


def test_a_promo_code_shows_its_bonus(client: httpx.Client, open_deposit: Opener) -> None:
    """The bonus is shown before and after the payment."""
    path = open_deposit(promo_code="bonus5")
    for _ in range(2):
        page = client.get(path)
        assert (text_of(page, "amount"), text_of(page, "bonus"), text_of(page, "total")) == (
            "$50.00",
            "$5.00",
            "$55.00",
        )
        client.post(f"{path}/pay")


def test_a_promo_code_that_was_used_meanwhile_shows_no_bonus(
    client: httpx.Client, open_deposit: Opener
) -> None:
    """The page shows what the payment will bring."""
    late, early = open_deposit(promo_code="bonus5"), open_deposit(promo_code="bonus5")
    client.post(f"{early}/pay")
    before = balance(client)
    page = client.get(late)
    assert (text_of(page, "bonus"), text_of(page, "total")) == (None, "$50.00")
    assert "has already been used" in (text_of(page, "promo-refused") or "")
    client.post(f"{late}/pay")
    assert balance(client) == before + DEPOSIT
    assert text_of(client.get(late), "total") == "$50.00"


def test_paying_credits_the_account_at_once(client: httpx.Client, open_deposit: Opener) -> None:
    """Ledger and invoice are written, and the books add up."""
    path = open_deposit()
    before = balance(client)
    page = client.post(f"{path}/pay", data={"card": "pm_card_mastercard"})
    assert page.status_code == 200
    assert text_of(page, "state") == "This session has been paid."
    assert text_of(page, "pay") is None
    assert balance(client) == before + DEPOSIT
    newest = client.get(f"{API}/credit-transactions", params={"limit": 1}).json()["transactions"][0]
    assert (newest["type"], newest["reference_id"]) == ("deposit", session_id(path))
    assert (
        client.get(f"{API}/audit-log", params={"limit": 1}).json()["entries"][0]["actor"] == "payer"
    )
    assert client.get("/_mock/invariants").json() == {"ok": True, "violations": []}


def test_a_paid_page_without_a_shop_leads_on_to_the_balance(
    client: httpx.Client, open_deposit: Opener
) -> None:
    """A reader who paid from the reference page comes back to the operation that shows it."""
    page = client.post(f"{open_deposit()}/pay").text
    link = re.search(r'href="(/docs/reference)#([\w-]+)"', page)
    assert link is not None
    assert link[2] == "operation-get_balance"
    assert f'id="{link[2]}"' in client.get(link[1]).text


def test_the_payer_goes_back_to_the_shop_with_the_sessions_id(
    client: httpx.Client, open_deposit: Opener
) -> None:
    """As at Stripe, {CHECKOUT_SESSION_ID} in the success_url is replaced."""
    path = open_deposit(success_url=BACK)
    response = client.post(f"{path}/pay")
    assert response.status_code == 303
    assert response.headers["location"] == f"{SHOP}/done?session={session_id(path)}&lang=en"
    assert f'href="{SHOP}/done?session={session_id(path)}&amp;lang=en"' in client.get(path).text


def test_paying_again_charges_nothing_and_goes_back_again(
    client: httpx.Client, open_deposit: Opener
) -> None:
    """A double click and a reload are safe."""
    path = open_deposit(success_url=BACK)
    first = client.post(f"{path}/pay")
    paid = balance(client)
    again = client.post(f"{path}/pay")
    assert (again.status_code, again.headers["location"]) == (303, first.headers["location"])
    assert balance(client) == paid


def test_a_paid_session_can_be_neither_declined_nor_cancelled(
    client: httpx.Client, open_deposit: Opener
) -> None:
    """The page shows that it is paid."""
    path = open_deposit()
    client.post(f"{path}/pay")
    paid = balance(client)
    page = client.post(f"{path}/cancel")
    assert page.status_code == 409
    assert text_of(page, "state") == "This session has been paid."
    assert "Nothing was charged" not in page.text
    again = client.post(f"{path}/pay", data={"card": "pm_card_chargeDeclined"})
    assert (again.status_code, text_of(again, "problem")) == (200, None)
    assert balance(client) == paid


def test_a_paid_session_is_not_cancelled_on_the_way_to_the_shop(
    client: httpx.Client, open_deposit: Opener
) -> None:
    """The payer is not sent to the shop's page for cancelled payments."""
    path = open_deposit(success_url=BACK, cancel_url=f"{SHOP}/cancelled")
    client.post(f"{path}/pay")
    assert client.post(f"{path}/cancel").headers.get("location") != f"{SHOP}/cancelled"


@pytest.mark.parametrize(
    ("card", "code"),
    [
        (card.id, card.declines_charge)
        for card in CARDS
        if card.declines_charge and card.authentication == "never"
    ],
)
def test_a_card_that_declines_leaves_the_session_open(
    client: httpx.Client, open_deposit: Opener, card: str, code: str
) -> None:
    """The 402 has the reason and the form.

    The page shows the reason again when it is reopened, and another card can pay.
    """
    path = open_deposit(success_url=BACK)
    before = balance(client)
    page = client.post(f"{path}/pay", data={"card": card})
    assert page.status_code == 402
    assert text_of(page, "problem") == f"Your card was declined ({code}). Use another card."
    assert text_of(page, "pay-typed") == "Pay $50.00"
    assert text_of(page, "pay") == "Charge this card"
    assert balance(client) == before
    assert f"({code})" in (text_of(client.get(path), "problem") or "")
    sessions = client.get("/_mock/state").json()["checkout_sessions"]
    assert sessions[session_id(path)]["last_decline_code"] == code
    assert client.post(f"{path}/pay", data={"card": "pm_card_visa"}).status_code == 303
    assert balance(client) == before + DEPOSIT


@pytest.mark.parametrize(
    "card", ["nonsense", "<script>alert(1)</script>", "pm_", "pm_" + "x" * 300, "pm_card visa"]
)
def test_an_invalid_card_id_cannot_pay(
    client: httpx.Client, open_deposit: Opener, card: str
) -> None:
    """An id that does not begin with pm_ is refused, and not kept."""
    path = open_deposit(auto_recharge_enabled=True)
    before = balance(client)
    page = client.post(f"{path}/pay", data={"card": card})
    assert 400 <= page.status_code < 500
    assert "<script" not in page.text
    assert balance(client) == before
    assert client.get(f"{API}/payment-methods").status_code == 200


def test_a_form_that_is_too_large_pays_nothing(client: httpx.Client, open_deposit: Opener) -> None:
    """A form that was not read does not pay."""
    path = open_deposit()
    before = balance(client)
    assert (
        client.post(f"{path}/pay", data={"card": "pm_card_visa", "more": "x" * 20_000}).status_code
        == 413
    )
    assert balance(client) == before


def test_cancelling_goes_back_to_the_shop(client: httpx.Client, open_deposit: Opener) -> None:
    """Nothing is charged, and the session stays open."""
    path = open_deposit(cancel_url=f"{SHOP}/cancelled?session={{CHECKOUT_SESSION_ID}}")
    before = balance(client)
    response = client.post(f"{path}/cancel")
    assert response.status_code == 303
    assert response.headers["location"] == f"{SHOP}/cancelled?session={session_id(path)}"
    assert balance(client) == before
    assert text_of(client.get(path), "pay-typed") == "Pay $50.00"


def test_cancelling_without_a_cancel_url_shows_a_page(
    client: httpx.Client, open_deposit: Opener
) -> None:
    """The mock shows a page of its own."""
    page = client.post(f"{open_deposit()}/cancel")
    assert (page.status_code, text_of(page, "message")) == (200, "Cancelled. Nothing was charged.")
    assert "You can close this page." in page.text


def test_an_expired_session_cannot_be_paid(client: httpx.Client, open_deposit: Opener) -> None:
    """The page has no form, and a form that was open is refused."""
    path = open_deposit(success_url=BACK)
    client.post(f"/_mock/checkout-sessions/{session_id(path)}/expire").raise_for_status()
    before = balance(client)
    page = client.get(path)
    assert (page.status_code, text_of(page, "state")) == (
        200,
        "This session has expired. Nothing was charged.",
    )
    assert "<form" not in page.text
    refused = client.post(f"{path}/pay")
    assert refused.status_code == 409
    assert "is expired. Create a new one." in (text_of(refused, "problem") or "")
    assert balance(client) == before


def test_an_unknown_session_is_a_404_page(client: httpx.Client) -> None:
    """Each of its steps is a 404 too."""
    for response in (
        client.get("/checkout/cs_test_nothing"),
        client.post("/checkout/cs_test_nothing/pay"),
    ):
        assert response.status_code == 404
        assert text_of(response, "message") == "This checkout session does not exist."


def test_an_unknown_step_is_not_found(client: httpx.Client, open_deposit: Opener) -> None:
    """Nothing changes."""
    path = open_deposit()
    before = balance(client)
    assert client.post(f"{path}/refund").status_code == 404
    assert client.get(f"{path}/refund").status_code == 404
    assert balance(client) == before


@pytest.mark.parametrize("step", ["pay", "cancel"])
def test_the_address_of_a_step_leads_to_its_page(
    client: httpx.Client, open_deposit: Opener, step: str
) -> None:
    """After a declined payment the browser shows the step's URL, which can be reopened."""
    path = open_deposit()
    response = client.get(f"{path}/{step}")
    assert (response.status_code, response.headers["location"]) == (303, path)
    assert client.get(f"/checkout/cs_test_nothing/{step}").status_code == 404


def test_a_plan_starts_when_its_page_is_paid(client: httpx.Client) -> None:
    """The page shows the plan and its price; the card is kept for renewals."""
    body = {
        "price_id": "price_starter_monthly",
        "success_url": BACK,
        "cancel_url": SHOP,
        "mode": "subscription",
    }
    path = httpx.URL(client.post(f"{API}/checkout", json=body).json()["url"]).path
    page = client.get(path)
    assert (text_of(page, "title"), text_of(page, "amount")) == ("Starter plan", "$29.00")
    assert (text_of(page, "credits"), text_of(page, "total")) == ("150,000", "$29.00")
    assert re.fullmatch(r"\d{1,2} [A-Z][a-z]+ \d{4}, \$29\.00", text_of(page, "renewal") or "")
    assert text_of(page, "bonus") is None
    assert client.post(f"{path}/pay", data={"card": "pm_card_jcb"}).status_code == 303
    assert client.get(f"{API}/subscription").json()["plan"] == "starter"
    kept = [
        payment_method["stripe_payment_method_id"]
        for payment_method in client.get(f"{API}/payment-methods").json()["payment_methods"]
    ]
    assert "pm_card_jcb" in kept


def test_a_deposit_can_enable_auto_recharge(client: httpx.Client, open_deposit: Opener) -> None:
    """It is enabled when the deposit is paid, with the card that paid."""
    path = open_deposit(auto_recharge_enabled=True, auto_recharge_amount_cents=4000)
    assert "$40.00 whenever the balance falls below $5.00" in (
        text_of(client.get(path), "auto-recharge") or ""
    )
    assert client.get(f"{API}/auto-recharge").json()["enabled"] is False
    client.post(f"{path}/pay")
    settings = client.get(f"{API}/auto-recharge").json()
    assert (settings["enabled"], settings["recharge_amount_cents"]) == (True, 4000)


def test_a_price_that_was_removed_is_refused() -> None:
    """After an edit of the catalogue, paying lists the current prices."""
    world, app = pages()
    tenant = world.state.tenant("sk_test_payer")
    context = world.state.context(tenant)
    session = checkout.open_price(context, "price_starter_monthly", "subscription", SHOP, SHOP)
    session.price_id = "price_of_last_year"
    before = tenant.account.ledger.balance

    async def visit() -> tuple[httpx.Response, httpx.Response]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(f"/checkout/{session.id}"), await client.post(
                f"/checkout/{session.id}/pay"
            )

    page, refused = asyncio.run(visit())
    assert (page.status_code, text_of(page, "amount")) == (200, "$29.00")
    assert (refused.status_code, "No such price" in (text_of(refused, "problem") or "")) == (
        409,
        True,
    )
    assert tenant.account.ledger.balance == before


def test_the_address_of_stripes_page_works_too(client: httpx.Client, open_deposit: Opener) -> None:
    """The page, its steps and its 3-D Secure page stay under the prefix that was visited."""
    path = open_deposit().replace("/checkout/", "/c/pay/")
    page = client.get(path)
    assert page.status_code == 200
    assert f'action="{path}/pay"' in page.text
    asks = client.post(f"{path}/pay", data={"card": "pm_card_authenticationRequired"})
    assert asks.headers["location"] == (
        f"{path}/authentication?card=pm_card_authenticationRequired"
    )
    assert f'action="{path}/pay"' in client.get(asks.headers["location"]).text
    assert client.get(f"{path}/pay").headers["location"] == path
    assert client.get("/c/pay/cs_test_nothing").status_code == 404
