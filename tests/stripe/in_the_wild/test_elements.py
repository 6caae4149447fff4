"""How public test suites fill in Stripe's elements, in our own words.

Each style has a comment with a place where its kind was seen: a repository, an issue, a page, or
the string by which several suites without a name in the index were found.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from .conftest import Style, Wild

pytestmark = pytest.mark.slow

NUMBER, EXPIRY, CVC, ZIP = "4242424242424242", "12/34", "123", "12345"
PAYMENT = "Secure payment input frame"
CARD = "Secure card payment input frame"
SPLIT = {
    "number": "Secure card number input frame",
    "expiry": "Secure expiration date input frame",
    "cvc": "Secure CVC input frame",
}


def framed(page: Any, title: str) -> Any:
    return page.frame_locator(f'iframe[title="{title}"]')


# --- the payment element ---------------------------------------------------------------------


def by_input_names(page: Any) -> None:
    # Automattic's WooPayments end-to-end tests: contentFrame() and the names of the inputs.
    frame = page.wait_for_selector("#payment-element iframe").content_frame()
    frame.locator('[name="number"]').fill(NUMBER)
    frame.locator('[name="expiry"]').fill("1234")
    frame.locator('[name="cvc"]').fill(CVC)
    if frame.locator('[name="postalCode"]').is_visible():
        frame.locator('[name="postalCode"]').fill(ZIP)


def by_field_ids(page: Any) -> None:
    # stripe/react-stripe-js#214, and many suites with the string Field-numberInput.
    frame = framed(page, PAYMENT)
    for field, text in (("number", NUMBER), ("expiry", EXPIRY), ("cvc", CVC)):
        frame.locator(f"#Field-{field}Input").fill(text)
    frame.locator("#Field-countryInput").select_option("United States")
    frame.locator("#Field-postalCodeInput").fill(ZIP)


def by_newer_ids(page: Any) -> None:
    # Suites with the string payment-numberInput, as Stripe has named the inputs since 2024.
    frame = page.frame_locator('iframe[title="Secure payment input frame"]').nth(0)
    for field, text in (("number", NUMBER), ("expiry", EXPIRY), ("cvc", CVC)):
        frame.locator(f"#payment-{field}Input").fill(text)
    frame.locator("#payment-countryInput").select_option("US")
    frame.locator("#payment-postalCodeInput").fill(ZIP)


def by_newer_ids_typed(page: Any) -> None:
    # The same, with keys: page objects that click an input and type.
    frame = framed(page, PAYMENT)
    for field, text in (("number", NUMBER), ("expiry", "1234"), ("cvc", CVC), ("postalCode", ZIP)):
        frame.locator(f"#payment-{field}Input").click()
        frame.locator(f"#payment-{field}Input").press_sequentially(text)


def by_roles(page: Any) -> None:
    # getdokan/dokan#2960: roles with Stripe's labels, the format of the date among them.
    frame = framed(page, PAYMENT)
    frame.get_by_role("textbox", name="Card number").fill("4242 4242 4242 4242")
    frame.get_by_role("textbox", name="Expiration date MM / YY").fill("11 / 29")
    frame.get_by_role("textbox", name="Security code").fill("111")
    frame.get_by_role("textbox", name="ZIP code").fill(ZIP)


def by_labels(page: Any) -> None:
    # helpmetest.com/blog/stripe-payment-flow-testing: labels in any iframe of Stripe.
    frame = page.frame_locator('iframe[name^="__privateStripeFrame"]').first
    frame.get_by_label("Card number").fill(NUMBER)
    frame.get_by_label("Expiration date").fill(EXPIRY)
    frame.get_by_label("Security code").fill(CVC)
    frame.get_by_label("ZIP").fill(ZIP)


def by_placeholders(page: Any) -> None:
    # docs.testchimp.io, "How to Test Stripe Payments in Playwright": prefix of the name, hints.
    frame = page.frame_locator('[name*="__privateStripeFrame"]').first
    frame.get_by_placeholder("1234 1234 1234 1234").fill(NUMBER)
    frame.get_by_placeholder(re.compile("mm . yy", re.IGNORECASE)).fill("1234")
    frame.get_by_placeholder(re.compile("cvc|cvv", re.IGNORECASE)).fill(CVC)
    frame.get_by_placeholder("ZIP").fill(ZIP)


def by_autocomplete(page: Any) -> None:
    # Suites that have several candidates for each input, the attribute autocomplete last.
    frame = page.frame_locator('iframe[src*="js.stripe.com"]').first
    for name, text in (("cc-number", NUMBER), ("cc-exp", EXPIRY), ("cc-csc", CVC)):
        frame.locator(f'input[autocomplete="{name}"]').fill(text)
    frame.locator('input[autocomplete="postal-code"]').fill(ZIP)


def by_permissions_of_the_frame(page: Any) -> None:
    # A page object with the string publickey-credentials-get: the frame by its allow attribute.
    frame = page.frame_locator('iframe[allow="payment *; publickey-credentials-get *"]')
    frame.locator("input[id='Field-numberInput']").fill(NUMBER)
    frame.locator("input[id='Field-expiryInput']").fill(EXPIRY)
    frame.locator("input[id='Field-cvcInput']").fill(CVC)
    frame.locator("input[id='Field-postalCodeInput']").fill(ZIP)


def by_kind_of_the_page_in_the_frame(page: Any) -> None:
    # Suites that find the frame by the page in its address, elements-inner-payment.
    page.wait_for_selector('iframe[src*="elements-inner-payment"]')
    (frame,) = [frame for frame in page.frames if "elements-inner-payment" in frame.url]
    frame.fill("//input[@name='number']", NUMBER)
    frame.fill("//input[@name='expiry']", EXPIRY)
    frame.fill("//input[@name='cvc']", CVC)
    frame.fill("//input[@name='postalCode']", ZIP)


def by_typing_straight_through(page: Any) -> None:
    # Puppeteer suites: one click, then keys; a complete field passes the focus on.
    framed(page, PAYMENT).locator("#Field-numberInput").click()
    page.keyboard.type(NUMBER + "1234" + CVC + ZIP, delay=1)


def by_data_field(page: Any) -> None:
    # Selenium page objects that wait for p-Field with data-field, then type into its input.
    frame = framed(page, PAYMENT)
    parts = (("number", NUMBER), ("expiry", EXPIRY), ("cvc", CVC), ("postalCode", ZIP))
    for field, text in parts:
        frame.locator(f'//div[@data-field="{field}"]//input').fill(text)


PAYMENT_STYLES = [
    by_input_names,
    by_field_ids,
    by_newer_ids,
    by_newer_ids_typed,
    by_roles,
    by_labels,
    by_placeholders,
    by_autocomplete,
    by_permissions_of_the_frame,
    by_kind_of_the_page_in_the_frame,
    by_typing_straight_through,
    by_data_field,
]


@pytest.mark.parametrize("style", PAYMENT_STYLES, ids=lambda style: style.__name__)
def test_the_payment_element_is_filled_in(wild: Wild, style: Style) -> None:
    """The card is saved, however its inputs are found."""
    style(wild.open("payment"))
    wild.page.click("#submit")
    wild.must_succeed()


# --- the card element ------------------------------------------------------------------------


def card_by_names(page: Any) -> None:
    # flutter-stripe/flutter_stripe, packages/stripe_web/e2e: the class of the container.
    frame = page.locator(".StripeElement").frame_locator("iframe")
    for name, text in (("cardnumber", NUMBER), ("exp-date", EXPIRY), ("cvc", CVC), ("postal", ZIP)):
        frame.locator(f"[name='{name}']").fill(text)


def card_by_stable_names(page: Any) -> None:
    # stripe/react-stripe-js#172: frames() by the start of the name, and Stripe's own attribute.
    page.wait_for_selector("iframe[name^=__privateStripeFrame]")
    (frame,) = [it for it in page.frames if it.name.startswith("__privateStripeFrame")]
    names = (("cardNumber", NUMBER), ("cardExpiry", EXPIRY), ("cardCvc", CVC), ("postalCode", ZIP))
    for name, text in names:
        frame.fill(f'[data-elements-stable-field-name="{name}"]', text)


def card_by_keys(page: Any) -> None:
    # CraftAcademy/the_restful_seven, Capybara: send_keys to each named field, expiry as digits.
    frame = framed(page, CARD)
    keys = (("cardnumber", NUMBER), ("exp-date", "1234"), ("cvc", "567"), ("postal", "11310"))
    for name, text in keys:
        frame.locator(f"input[name={name}]").press_sequentially(text)


def card_by_placeholders(page: Any) -> None:
    # Clerk's Playwright helpers: .__PrivateStripeElement iframe, and the card element's hints.
    frame = page.frame_locator(".__PrivateStripeElement iframe").first
    frame.locator('[placeholder="Card number"]').fill(NUMBER)
    frame.locator('[placeholder="MM / YY"]').fill(EXPIRY)
    frame.locator('[placeholder="CVC"]').fill(CVC)
    frame.locator('[placeholder="ZIP"]').fill(ZIP)


def card_by_aria_labels(page: Any) -> None:
    # Recorded Playwright tests, with the string "Credit or debit card": Stripe's aria-labels.
    frame = framed(page, CARD)
    frame.get_by_label("Credit or debit card number").fill(NUMBER)
    frame.get_by_role("textbox", name="Credit or debit card expiration date").fill("02 / 30")
    frame.get_by_role("textbox", name="Credit or debit card CVC/CVV").fill("265")
    frame.get_by_role("textbox", name="ZIP").fill(ZIP)


def card_by_class_attribute(page: Any) -> None:
    # pikachuvnjapan/Automation-Test: the whole class attribute of an input that is still empty.
    frame = page.frame_locator("#card-element iframe")
    empty = 'input[class="InputElement is-empty Input Input--empty"]'
    frame.locator(empty).first.fill(NUMBER)
    frame.locator('input[placeholder="MM / YY"]').fill(EXPIRY)
    frame.locator('input[name="cvc"]').fill(CVC)
    frame.locator(empty).last.fill(ZIP)


def card_by_second_frame(page: Any) -> None:
    # argos-ci/jest-puppeteer#448: the second of page.frames() is Stripe's.
    page.wait_for_selector("iframe")
    frame = page.frames[1]
    frame.wait_for_selector('input[name="cardnumber"]').type(NUMBER + "1234" + CVC + ZIP)


def card_by_numbered_name(page: Any) -> None:
    # SeleniumHQ/selenium#2214: switch to the frame with the number 4, then the input by name.
    frame = page.frame_locator('iframe[name="__privateStripeFrame4"]')
    frame.locator("[name=cardnumber]").press_sequentially(NUMBER)
    frame.locator("[name=exp-date]").press_sequentially("1234")
    frame.locator("[name=cvc]").press_sequentially(CVC)
    frame.locator("[name=postal]").press_sequentially(ZIP)


def card_by_query_of_all_frames(page: Any) -> None:
    # A Django project's helpers: query_selector_all("iframe"), the first with Stripe's name.
    page.wait_for_selector("iframe")
    handles = page.query_selector_all("iframe")
    found = [it for it in handles if it.get_attribute("name").startswith("__privateStripeFrame")]
    frame = found[0].content_frame()
    frame.get_by_role("textbox", name=re.compile("card number", re.IGNORECASE)).fill(NUMBER)
    frame.get_by_role("textbox", name=re.compile("expir", re.IGNORECASE)).fill("12 / 34")
    frame.get_by_role("textbox", name=re.compile("cvc|security", re.IGNORECASE)).fill(CVC)
    frame.locator('[name="postal"]').fill(ZIP)


CARD_STYLES = [
    card_by_names,
    card_by_stable_names,
    card_by_keys,
    card_by_placeholders,
    card_by_aria_labels,
    card_by_class_attribute,
    card_by_second_frame,
    card_by_numbered_name,
    card_by_query_of_all_frames,
]


@pytest.mark.parametrize("style", CARD_STYLES, ids=lambda style: style.__name__)
def test_the_card_element_is_filled_in(wild: Wild, style: Style) -> None:
    """The card is saved, however its inputs are found."""
    style(wild.open("card"))
    wild.page.click("#submit")
    wild.must_succeed()


# --- one element for each field --------------------------------------------------------------


def split_by_titles(page: Any) -> None:
    # Playwright page objects with the string "Secure card number input frame".
    framed(page, SPLIT["number"]).locator('input[name="cardnumber"]').fill(NUMBER)
    framed(page, SPLIT["expiry"]).locator('input[name="exp-date"]').fill(EXPIRY)
    framed(page, SPLIT["cvc"]).locator('input[name="cvc"]').fill(CVC)


def split_by_containers(page: Any) -> None:
    # piavW/not_so_trivial_recepies, Capybara: "#card-number div iframe", the input by name.
    inputs = (("number", "cardnumber", NUMBER), ("expiry", "exp-date", "1234"), ("cvc", "cvc", CVC))
    for part, name, text in inputs:
        page.frame_locator(f"#card-{part} div iframe").locator(f"[name={name}]").type(text)


def split_by_xpath(page: Any) -> None:
    # Selenium suites in Python and Java: frames by @title, inputs by the stable name.
    stable = {"number": "cardNumber", "expiry": "cardExpiry", "cvc": "cardCvc"}
    for part, text in (("number", NUMBER), ("expiry", EXPIRY), ("cvc", CVC)):
        frame = page.frame_locator(f"//iframe[@title='{SPLIT[part]}']")
        frame.locator(f"//input[@data-elements-stable-field-name='{stable[part]}']").fill(text)


def split_by_numbered_names(page: Any) -> None:
    # Java Selenium suites with the string __privateStripeFrame5: numbers 4, 5 and 6 in order.
    inputs = ((4, "cardnumber", NUMBER), (5, "exp-date", EXPIRY), (6, "cvc", CVC))
    for number, name, text in inputs:
        frame = page.frame_locator(f"[name=__privateStripeFrame{number}]")
        frame.locator(f"[name={name}]").fill(text)


def split_by_title_and_scope(page: Any) -> None:
    # A script that buys hardware: get_by_title, and the frame's content from there.
    number = page.get_by_title(SPLIT["number"]).content_frame
    number.get_by_label("Credit or debit card number").fill(NUMBER)
    expiry = page.get_by_title(SPLIT["expiry"]).content_frame
    expiry.get_by_label("Credit or debit card expiration date").fill(EXPIRY)
    page.get_by_title(SPLIT["cvc"]).content_frame.get_by_placeholder("CVC").fill(CVC)


SPLIT_STYLES = [
    split_by_titles,
    split_by_containers,
    split_by_xpath,
    split_by_numbered_names,
    split_by_title_and_scope,
]


@pytest.mark.parametrize("style", SPLIT_STYLES, ids=lambda style: style.__name__)
def test_separate_elements_are_filled_in(wild: Wild, style: Style) -> None:
    """The card is saved, however its inputs are found."""
    style(wild.open("split"))
    wild.page.click("#submit")
    wild.must_succeed()


# --- from the page, through contentDocument, behind a dev server's proxy -----------------------

TYPE = """([frame, input, text]) => {
  const body = document.querySelector(frame).contentDocument.body;
  const field = body.querySelector(input);
  const setter = Object.getOwnPropertyDescriptor(
    Object.getPrototypeOf(field), "value").set;
  field.focus();
  setter.call(field, text);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
}"""
"""What Cypress commands do with ``its('0.contentDocument.body')`` and ``type``."""


def typed_through_documents(page: Any, fields: list[tuple[str, str, str]]) -> None:
    for frame, field, text in fields:
        page.wait_for_function(
            "([frame, input]) => "
            "document.querySelector(frame)?.contentDocument?.body?.querySelector(input)",
            arg=[frame, field],
        )
        page.evaluate(TYPE, [frame, field, text])


DOCUMENT_STYLES = [
    # mattermost/mattermost, e2e-tests/cypress: .__PrivateStripeElement > iframe.
    (
        "card",
        ".__PrivateStripeElement > iframe",
        ["[name=cardnumber]", "[name=exp-date]", "[name=cvc]", "[name=postal]"],
    ),
    # jrussbautista/dress-shop: the first iframe, inputs by the stable name.
    (
        "card",
        "iframe",
        [
            f"input[data-elements-stable-field-name={name}]"
            for name in ("cardNumber", "cardExpiry", "cardCvc", "postalCode")
        ],
    ),
    # hhafzahh/ascenda-application: the container by its test id; the visible inputs in order.
    (
        "card",
        "[data-testid='card-box'] iframe",
        ["input", "[autocomplete=cc-exp]", "[autocomplete=cc-csc]", "[autocomplete=postal-code]"],
    ),
    # cypress-iframe, as in stripe/react-stripe-js#214: the payment element by its title.
    (
        "payment",
        "[title='Secure payment input frame']",
        [f"#Field-{name}Input" for name in ("number", "expiry", "cvc", "postalCode")],
    ),
]


@pytest.mark.parametrize(("kind", "frame", "inputs"), DOCUMENT_STYLES)
def test_cypress_reaches_into_the_frames_behind_a_proxy(
    wild: Wild, kind: str, frame: str, inputs: list[str]
) -> None:
    """Where the dev server forwards to the mock, the frames have the page's origin."""
    page = wild.open(kind, proxied=True)
    texts = (NUMBER, EXPIRY, CVC, ZIP)
    typed_through_documents(page, [(frame, *pair) for pair in zip(inputs, texts, strict=True)])
    page.click("#submit")
    wild.must_succeed()


def test_cypress_types_into_one_frame_for_each_field(wild: Wild) -> None:
    """The frames are found by their containers."""
    # robin-lillqvist/newsroom_1_client_news_site: $iframe.contents().find("body").
    page = wild.open("split", proxied=True)
    fields = [
        ("#card-number div iframe", "input[name^=card]", NUMBER),
        ("#card-expiry div iframe", "input[name^=exp]", EXPIRY),
        ("#card-cvc div iframe", "input[name^=cvc]", CVC),
    ]
    typed_through_documents(page, fields)
    page.click("#submit")
    wild.must_succeed()


def test_without_a_proxy_the_page_cannot_read_its_frames(wild: Wild) -> None:
    """The mock's origin is another one, as Stripe's is."""
    page = wild.open("card")
    framed(page, CARD).locator("[name=cardnumber]").fill(NUMBER)
    assert page.evaluate("document.querySelector('iframe').contentDocument") is None


# --- errors ----------------------------------------------------------------------------------


def test_errors_are_found_by_both_ids(wild: Wild) -> None:
    """The id of the payment element's error has two spellings."""
    # Suites with the strings Field-numberError and payment-numberError.
    page = wild.open("payment")
    framed(page, PAYMENT).locator("#Field-numberInput").fill("4242424242424241")
    for id in ("Field-numberError", "payment-numberError"):
        error = framed(page, PAYMENT).locator(f"#{id}")
        assert error.text_content() == "Your card number is invalid."


def test_a_decline_is_shown_by_the_shop(wild: Wild) -> None:
    """The message is Stripe's."""
    # helpmetest.com/blog/stripe-payment-flow-testing: 4000 0000 0000 0002 is declined.
    page = wild.open("card")
    framed(page, CARD).locator("[name=cardnumber]").type("4000000000000002" + "1234123" + ZIP)
    page.click("#submit")
    wild.must_show("Your card was declined.")
