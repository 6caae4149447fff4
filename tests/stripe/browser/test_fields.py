"""Typed values: formatted, validated, reported to the page, and cleared."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Shop, Visit

pytestmark = pytest.mark.slow


@pytest.fixture
def card(visit: Visit) -> Shop:
    """A page with a card element."""
    shop = visit("plain-card", kind="card")
    shop.field("number").wait_for()
    shop.do("shop.card = shop.elements.getElement('card')")
    return shop


def typed(shop: Shop, field: str, *keys: str) -> tuple[str, int]:
    """Return the value of a field after these keys, and the place of its caret."""
    box = shop.field(field)
    box.focus()
    for key in keys:
        shop.page.keyboard.press(key)
    return box.input_value(), box.evaluate("box => box.selectionStart")


def test_numbers_are_grouped_as_on_the_card(card: Shop) -> None:
    """Groups have four digits, or four, six and the rest; further digits are dropped."""
    number = card.field("number")
    shown = {}
    for text in (
        "42",
        "42424",
        "4242424242424242999",
        "4242-4242-4242-4242",
        "37144963539843100",
        "36227206271667",
    ):
        number.fill(text)
        shown[text] = number.input_value()
    number.fill("6205500000000000004")
    assert number.input_value() == "6205 5000 0000 0000 004"
    assert shown == {
        "42": "42",
        "42424": "4242 4",
        "4242424242424242999": "4242 4242 4242 4242",
        "4242-4242-4242-4242": "4242 4242 4242 4242",
        "37144963539843100": "3714 496353 98431",
        "36227206271667": "3622 720627 1667",
    }


def test_the_caret_stays_in_place(card: Shop) -> None:
    """It stays in the middle of a number, and moves over a space."""
    assert typed(card, "number", *"42424242") == ("4242 4242", 9)
    assert typed(card, "number", "Home", "ArrowRight", "ArrowRight", "9") == ("4294 2424 2", 3)
    assert typed(card, "number", "Backspace") == ("4242 4242", 2)


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        (["1"], "1"),
        (["5"], "05 / "),
        (["1", "2"], "12 / "),
        (["1", "3"], "01 / 3"),
        (["1", "2", "3", "4"], "12 / 34"),
        (["1", "2", "3", "4", "5"], "12 / 34"),
        (["1", "/", "3", "0"], "01 / 30"),
        (["1", "2", "Backspace"], "12"),
        (["1", "2", "Backspace", "Backspace"], "1"),
        (["1", "2", "3", "Backspace"], "12"),
        (["x", "1", "y", "2"], "12 / "),
    ],
)
def test_an_expiry_date_is_completed_while_it_is_typed(
    card: Shop, keys: list[str], shown: str
) -> None:
    """Zero, slash and spaces are added and removed automatically."""
    assert typed(card, "expiry", *keys)[0] == shown


@pytest.mark.parametrize("text", ["12/34", "12/2034", "12 / 34", "1234", "122034", "12-34"])
def test_an_expiry_date_can_be_pasted(card: Shop, text: str) -> None:
    """Any notation is accepted."""
    card.field("expiry").fill(text)
    assert card.field("expiry").input_value() == "12 / 34"


PROBLEMS = [
    ({"number": "4242424242424241"}, "invalid_number", "Your card number is invalid."),
    ({"number": "42424242"}, "incomplete_number", "Your card number is incomplete."),
    ({"expiry": "12 / 3"}, "incomplete_expiry", "Your card's expiration date is incomplete."),
    (
        {"expiry": "12 / 25"},
        "invalid_expiry_year_past",
        "Your card's expiration year is in the past.",
    ),
    (
        {"expiry": "02 / 26"},
        "invalid_expiry_month_past",
        "Your card's expiration date is in the past.",
    ),
    ({"expiry": "12 / 99"}, "invalid_expiry_year", "Your card's expiration year is invalid."),
    ({"expiry": "00 / 30"}, "invalid_expiry_month", "Your card's expiration date is invalid."),
    ({"cvc": "12"}, "incomplete_cvc", "Your card's security code is incomplete."),
    ({"postal": "9411"}, "incomplete_zip", "Your postal code is incomplete."),
]
"""By the mock's clock, which is frozen in March 2026."""


@pytest.mark.parametrize(
    ("wrong", "code", "sentence"), PROBLEMS, ids=[code for _, code, _ in PROBLEMS]
)
def test_problems_are_reported(card: Shop, wrong: dict[str, str], code: str, sentence: str) -> None:
    """They have Stripe's text in the change event, and when the form is submitted."""
    good = {"number": "4242424242424242", "expiry": "03 / 26", "cvc": "123", "postal": "94110"}
    for field, text in {**good, **wrong}.items():
        card.field(field).fill(text)
    card.save()
    card.must_show(f"validation_error {code}: {sentence}")
    assert card.do("shop.events")[-1]["change"]["error"] == {
        "type": "validation_error",
        "code": code,
        "message": sentence,
    }
    (field,) = wrong
    box = card.field(field)
    assert box.get_attribute("aria-invalid") == "true"
    described = box.evaluate(
        "box => box.getRootNode().getElementById(box.getAttribute('aria-describedby')).textContent"
    )
    assert described == sentence
    assert card.intent()["last_setup_error"] is None
    box.fill(good[field])
    assert box.get_attribute("aria-invalid") == "false"
    card.save()
    card.must_show("added visa 4242")


def test_a_field_is_not_incomplete_before_it_is_left(card: Shop) -> None:
    """An empty field is not an error."""
    number = card.field("number")
    number.fill("4242")
    assert number.get_attribute("aria-invalid") == "false"
    number.blur()
    assert number.get_attribute("aria-invalid") == "true"
    assert card.do("shop.events")[-1]["change"]["error"]["code"] == "incomplete_number"
    expiry = card.field("expiry")
    expiry.focus()
    expiry.blur()
    assert expiry.get_attribute("aria-invalid") == "false"


def test_an_empty_form_reports_its_first_field(visit: Visit) -> None:
    """All fields are marked, and the first one has the focus."""
    shop = visit("plain-payment", kind="payment")
    shop.save()
    shop.must_show("validation_error incomplete_number: Your card number is incomplete.")
    alerts = shop.page.frame_locator("iframe").get_by_text("is incomplete.", exact=False)
    assert alerts.filter(visible=True).count() == 4
    assert shop.field("number").evaluate("box => box.matches(':focus')")


def test_a_country_without_postal_codes_does_not_ask_for_one(visit: Visit) -> None:
    """The payment element has the fields that cards of the country need."""
    shop = visit("plain-payment", kind="payment")
    shop.field("country").select_option(label="Germany")
    assert not shop.field("postal").is_visible()
    shop.field("country").select_option(value="GB")
    shop.fill(postal="SW1A 1AA")
    shop.save()
    shop.must_show("added visa 4242")
    last = shop.do("shop.events")[-1]["change"]
    assert last == {
        "elementType": "payment",
        "empty": False,
        "complete": True,
        "collapsed": False,
        "value": {"type": "card"},
    }


def test_events_report_what_happens_to_an_element(card: Shop) -> None:
    """Focus, blur, escape and change are emitted once each, until a handler is removed."""
    card.do("""(() => {
        shop.heard = [];
        const hear = (name) =>
            shop.card.on(name, (event) => shop.heard.push([name, event.elementType]));
        ["focus", "blur", "escape", "change"].forEach(hear);
        shop.card.once("focus", () => shop.heard.push(["once"]));
        shop.gone = () => shop.heard.push(["gone"]);
        shop.card.on("focus", shop.gone).off("focus", shop.gone);
    })()""")
    card.do("shop.card.focus()")
    card.page.keyboard.type("4")
    card.page.keyboard.press("Tab")
    card.page.keyboard.press("Escape")
    card.do("shop.card.blur()")
    card.do("shop.card.focus()")
    names = [event[0] for event in card.do("shop.heard")]
    # Leaving the number is a change too: only then is it incomplete.
    assert names == ["focus", "once", "change", "change", "escape", "blur", "focus"]
    assert {event[1] for event in card.do("shop.heard") if event[1:]} == {"card"}


def test_a_late_listener_gets_the_ready_event(card: Shop) -> None:
    """React attaches its handlers after mounting."""
    heard = card.do("""new Promise((resolve) => {
        setTimeout(() => shop.card.on("ready", (event) => resolve(event)), 200);
    })""")
    assert heard == {"elementType": "card"}


def test_the_container_shows_the_state_by_classes(card: Shop) -> None:
    """StripeElement and --empty, --focus, --invalid, --complete; a page may rename them."""

    def classes() -> set[str]:
        return set(card.page.locator("#element").get_attribute("class").split()) - {"boxed"}

    assert classes() == {"StripeElement", "StripeElement--empty"}
    card.field("number").fill("4242424242424241")
    assert classes() == {"StripeElement", "StripeElement--focus", "StripeElement--invalid"}
    card.fill(postal="94110")
    card.do("shop.card.blur()")
    assert classes() == {"StripeElement", "StripeElement--complete"}
    card.do("shop.card.update({classes: {base: 'mine', complete: 'mine-done now'}})")
    assert classes() == {"mine", "mine-done", "now"}
    card.do("shop.card.unmount()")
    assert classes() == set()


def test_clear_update_and_disabled_work(card: Shop) -> None:
    """Values are cleared, a postal code can be set, and a disabled element ignores keys."""
    card.fill(postal="94110")
    card.do("shop.card.clear()")
    assert card.do("shop.events")[-1]["change"]["empty"]
    card.do("shop.card.update({value: {postalCode: '10115'}, disabled: true})")
    assert card.field("postal").input_value() == "10115"
    assert card.field("number").is_disabled()
    card.do("shop.card.update({disabled: false, hidePostalCode: true})")
    assert card.field("number").is_enabled()
    assert not card.field("postal").is_visible()


def test_a_read_only_payment_element_takes_nothing(visit: Visit) -> None:
    """``readOnly`` can be set and unset by an update."""
    shop = visit("plain-payment", kind="payment")
    number = shop.field("number")
    shop.do("shop.elements.getElement('payment').update({readOnly: true})")
    number.press("4")
    assert (number.input_value(), shop.field("country").is_disabled()) == (
        "",
        True,
    )
    shop.do("shop.elements.getElement('payment').update({readOnly: false})")
    number.press("4")
    assert number.input_value() == "4"


def test_a_label_of_the_container_focuses_the_element(card: Shop) -> None:
    """As Stripe documents, a click on the label or the container sets the focus."""
    number = card.field("number")
    card.page.get_by_text("Credit or debit card").click()
    assert number.evaluate("box => box.matches(':focus')")
    card.do("shop.card.blur()")
    card.page.locator("#element").click(position={"x": 3, "y": 3})
    assert number.evaluate("box => box.matches(':focus')")


def test_an_element_can_move_and_is_gone_when_it_is_destroyed(card: Shop) -> None:
    """As with Stripe, values are gone with their frame; after destroying, another can be made."""
    card.fill(postal="94110")
    card.do("shop.card.unmount()")
    assert card.page.locator("iframe").count() == 0
    card.do("shop.card.mount('#problem')")
    frame = card.page.locator("#problem").frame_locator("iframe")
    assert frame.get_by_test_id("stripe-number").input_value() == ""
    assert card.do("String(shop.elements.create('card'))").startswith(
        "IntegrationError: Can only create one Element"
    )
    card.do("shop.card.destroy()")
    assert card.do("shop.elements.getElement('card')") is None
    assert card.do("shop.card.mount('#element')").startswith(
        "IntegrationError: This Element has already been destroyed"
    )
    card.do("shop.elements.create('card').mount('#element')")
    assert card.field("number").input_value() == ""


def test_typed_values_are_not_accessible_to_the_page(card: Shop) -> None:
    """As with Stripe's frames, no handle, storage or URL has the number."""
    card.fill(postal="94110")
    card.save()
    card.must_show("added")
    found: list[Any] = card.do("""[
        shop.card, shop.elements, shop.stripe, shop.events,
        {...localStorage}, {...sessionStorage}, document.cookie,
        location.href, Object.keys(shop.card), document.body.innerHTML,
    ].map((each) => JSON.stringify(each))""")
    assert not any("4242424242424242" in text or "4242 4242" in text for text in found)


def test_a_click_is_not_lost_where_a_sentence_appears(visit: Visit) -> None:
    """The button stays in place while an error appears above it."""
    shop = visit("plain-payment", kind="payment")
    shop.fill(postal="12345", cvc="1")
    shop.field("cvc").focus()
    shop.save()
    shop.must_show("validation_error incomplete_cvc")
