"""Pages written for Stripe.js collect cards, with Stripe's own packages from npm."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mockserver.billing.catalogue import TestCard
from tests.conftest import RunningServer
from tests.outside.tools import run
from tests.stripe.conftest import TYPED

from .conftest import TOOLS, Visit

pytestmark = pytest.mark.slow

AUTHENTICATED = "4000002760003184"
DECLINED = [
    card for card in TYPED if card.declines_attach is not None and card.authentication == "never"
]


def test_the_pages_type_check(node_programs: Path) -> None:
    """They fit the types that Stripe publishes."""
    run([node_programs / "tsc", "--noEmit", "-p", "."], cwd=TOOLS, within=120)


def test_the_payment_element_saves_a_card(visit: Visit) -> None:
    """The card is typed, set up, and added by the shop, under a strict policy."""
    shop = visit("plain-payment", kind="payment")
    shop.fill("5555555555554444", "02 / 31", "123", "12345")
    shop.save()
    shop.must_show("added mastercard 4444")
    card = shop.cards()[0]
    assert (card["card_exp_month"], card["card_exp_year"]) == (2, 2031)
    assert (shop.intent()["status"], shop.intent()["payment_method"]) == (
        "succeeded",
        card["stripe_payment_method_id"],
    )
    shop.seen.must_be_quiet()


def test_the_payment_element_goes_back_to_the_shop(visit: Visit) -> None:
    """Without ``if_required``, the page redirects with Stripe's parameters."""
    shop = visit("plain-payment", kind="payment", redirect="always")
    shop.fill(postal="12345")
    shop.save()
    shop.page.wait_for_url("**/done?*")
    given = {name: values[0] for name, values in parse_qs(urlsplit(shop.page.url).query).items()}
    assert given == {
        "setup_intent": shop.secret.partition("_secret_")[0],
        "setup_intent_client_secret": shop.secret,
        "redirect_status": "succeeded",
    }


def test_a_decline_does_not_leave_the_page(visit: Visit) -> None:
    """An error is shown in the form, even if success would redirect."""
    shop = visit("plain-payment", kind="payment", redirect="always")
    shop.fill("4000000000000002", postal="12345")
    shop.save()
    shop.must_show("card_error card_declined: Your card was declined.")
    shop.fill(postal="12345")
    shop.save()
    shop.page.wait_for_url("**/done?*")


def test_the_intent_may_come_after_the_form(visit: Visit) -> None:
    """With deferred intents, submit() validates the form before the intent exists."""
    shop = visit("plain-payment", kind="deferred")
    shop.save()
    shop.must_show("validation_error incomplete_number")
    shop.fill(postal="12345")
    early = shop.do(
        "shop.stripe.confirmSetup({elements: shop.elements, clientSecret: shop.secret, "
        "redirect: 'if_required'})"
    )
    assert early == (
        "IntegrationError: elements.submit() must be called, and have succeeded, before "
        "stripe.confirmSetup()."
    )
    shop.save()
    shop.must_show("added visa 4242")


def test_the_card_element_saves_a_card(visit: Visit) -> None:
    """Its changes are reported as Stripe documents them."""
    shop = visit("plain-card", kind="card")
    shop.fill("378282246310005", "1/30", "1234", "94110")
    shop.field("number").fill("4242")
    shop.field("number").fill("4242424242424242")
    shop.field("cvc").fill("123")
    changes = [event["change"] for event in shop.do("shop.events")]
    assert changes[0] == {
        "elementType": "card",
        "empty": False,
        "complete": False,
        "error": None,
        "brand": "amex",
        "value": {"postalCode": ""},
    }
    assert changes[-1] == {
        "elementType": "card",
        "empty": False,
        "complete": True,
        "error": None,
        "brand": "visa",
        "value": {"postalCode": "94110"},
    }
    shop.save()
    shop.must_show("added visa 4242")
    assert shop.cards()[0]["card_exp_year"] == 2030
    shop.seen.must_be_quiet()


def test_the_card_element_can_do_without_a_postal_code(visit: Visit) -> None:
    """``hidePostalCode`` removes the field."""
    shop = visit("plain-card", kind="card-without-postal")
    assert not shop.field("postal").is_visible()
    shop.fill()
    shop.save()
    shop.must_show("added visa 4242")


def test_split_fields_make_a_payment_method(visit: Visit) -> None:
    """createPaymentMethod finds the elements of the same group."""
    shop = visit("plain-split", kind="split")
    assert shop.field("number").get_attribute("placeholder") == "Number"
    shop.fill("371449635398431", "12 / 34", "123")
    shop.save()
    shop.must_show("validation_error incomplete_cvc: Your card's security code is incomplete.")
    shop.field("cvc").fill("1234")
    shop.save()
    shop.must_show("added amex 8431")
    assert shop.do("shop.events")[-1]["change"] == {
        "elementType": "cardNumber",
        "empty": False,
        "complete": True,
        "error": None,
        "brand": "amex",
    }
    shop.seen.must_be_quiet()


@pytest.mark.parametrize("kind", ["payment", "card", "split"])
def test_react_code_runs_in_strict_mode(visit: Visit, kind: str) -> None:
    """Unmodified @stripe/react-stripe-js is mounted twice, hidden, shown and confirmed."""
    shop = visit("react", kind=kind)
    shop.fill(postal="12345" if kind == "payment" else "")
    shop.page.get_by_text("complete", exact=True).wait_for()
    assert shop.field("number").count() == 1
    shop.page.get_by_role("button", name="Hide").click()
    shop.save()
    if kind == "payment":
        shop.must_show(
            "IntegrationError: Invalid value for stripe.confirmSetup(): elements should have a "
            "mounted Payment Element."
        )
    else:
        shop.must_show("invalid_request_error setup_intent_unexpected_state")
    shop.page.get_by_role("button", name="Show").click()
    shop.fill(AUTHENTICATED, postal="12345" if kind == "payment" else "")
    shop.save()
    shop.finish_challenge("pass")
    shop.must_show("added visa 3184")
    known_texts = ("React DevTools", "the server responded with a status of 400")
    own = [
        complaint
        for complaint in shop.seen.complaints
        if not any(known in complaint for known in known_texts)
    ]
    assert (own, shop.seen.violations) == ([], [])


def test_the_script_can_replace_stripes_own(
    visit: Visit, mock: RunningServer, browser: Any
) -> None:
    """A test serves the mock's script for js.stripe.com."""
    context = browser.new_context()
    requested = []

    def fulfill(route: Any) -> None:
        requested.append(route.request.url)
        script = context.request.get(f"{mock.url}/_mock/stripe.js")
        route.fulfill(body=script.text(), content_type="text/javascript")

    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.route("https://js.stripe.com/**", fulfill)
    tagged = visit("plain-card", kind="card-without-postal")
    page.goto(tagged.page.url + "&untagged=yes")
    tagged.seen.page = page
    tagged.fill()
    tagged.save()
    tagged.must_show("added visa 4242")
    assert (requested, complaints) == (["https://js.stripe.com/endive/stripe.js"], [])
    context.close()


def test_every_declining_card_has_its_reason(visit: Visit) -> None:
    """The same form then accepts a card that works."""
    shop = visit("plain-card", kind="card-without-postal")
    messages = {}
    for card in DECLINED:
        shop.fill(str(card.number))
        shop.save()
        shop.page.wait_for_function(
            "() => document.querySelector('#result').textContent !== 'saving'"
        )
        messages[card.id] = shop.result
    assert messages == {card.id: expected(card) for card in DECLINED}
    shop.fill()
    shop.save()
    shop.must_show("added visa 4242")


def expected(card: TestCard) -> str:
    sentences = {
        "insufficient_funds": "card_declined: Your card has insufficient funds",
        "card_velocity_exceeded": (
            "card_declined: Your card was declined for making repeated attempts too frequently"
        ),
        "expired_card": "expired_card: Your card has expired",
        "incorrect_cvc": "incorrect_cvc: Your card's security code is incorrect",
        "processing_error": (
            "processing_error: An error occurred while processing your card. Try again in a "
            "little bit"
        ),
    }
    sentence = sentences.get(str(card.declines_attach), "card_declined: Your card was declined")
    return f"card_error {sentence}."


def test_a_real_card_is_refused(visit: Visit) -> None:
    """A valid number that is not Stripe's is declined."""
    shop = visit("plain-card", kind="card-without-postal")
    shop.fill("4539578763621486")
    shop.save()
    shop.must_show(
        "card_error card_declined: Your card was declined. Your request was in test mode"
    )


@pytest.mark.parametrize("name", ["plain-payment", "plain-card"])
def test_three_d_secure_can_be_passed(visit: Visit, name: str) -> None:
    """The dialog replaces the bank; afterwards the card is set up."""
    shop = visit(name, kind=name.removeprefix("plain-"))
    shop.fill(AUTHENTICATED, postal="12345")
    shop.save()
    dialog = shop.page.get_by_role("dialog", name="3-D Secure")
    dialog.wait_for()
    assert shop.intent()["status"] == "requires_action"
    shop.finish_challenge("pass")
    shop.must_show("added visa 3184")
    assert dialog.count() == 0
    shop.seen.must_be_quiet()


@pytest.mark.parametrize("how", ["fail", "Escape"])
def test_three_d_secure_can_be_failed(visit: Visit, how: str) -> None:
    """The button and leaving the dialog both fail; the payer may try again."""
    shop = visit("plain-card", kind="card-without-postal")
    shop.fill(AUTHENTICATED)
    shop.save()
    shop.page.get_by_test_id("stripe-challenge").wait_for()
    if how == "Escape":
        shop.bank.get_by_test_id("stripe-challenge-fail").wait_for()  # it has the focus
        shop.page.keyboard.press("Escape")
    else:
        shop.finish_challenge("fail")
    shop.must_show(
        "invalid_request_error setup_intent_authentication_failure: We are unable to authenticate"
    )
    assert shop.intent()["status"] == "requires_payment_method"
    shop.save()
    shop.finish_challenge("pass")
    shop.must_show("added visa 3184")


def test_a_form_can_be_filled_by_keyboard_alone(visit: Visit) -> None:
    """A complete field passes the focus on, Tab moves in the challenge, and Enter submits."""
    shop = visit("plain-payment", kind="payment")
    keyboard = shop.page.keyboard
    shop.field("number").wait_for()
    keyboard.press("Tab")
    for field, text in (("number", "4000002760003184"), ("expiry", "1234"), ("cvc", "123")):
        assert shop.focused == f"stripe-{field}"
        keyboard.type(text)
    keyboard.type("12345")
    assert shop.field("expiry").input_value() == "12 / 34"
    assert shop.field("postal").input_value() == "12345"
    keyboard.press("Tab")
    keyboard.press("Enter")
    shop.bank.get_by_test_id("stripe-challenge-pass").wait_for()
    keyboard.press("Tab")
    assert shop.focused == "stripe-challenge-fail"
    keyboard.press("Shift+Tab")
    keyboard.press("Enter")
    shop.must_show("added visa 3184")


def test_enter_in_a_field_sends_the_form(visit: Visit) -> None:
    """It works from inside a frame."""
    shop = visit("plain-card", kind="card-without-postal")
    shop.fill()
    shop.field("cvc").press("Enter")
    shop.must_show("added visa 4242")
