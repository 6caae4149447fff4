"""Address, link authentication and express checkout elements, and labels of other languages."""

from __future__ import annotations

import pytest

from .conftest import Wild

pytestmark = pytest.mark.slow

LABELS = {
    "de": ("Kartennummer", "Ablaufdatum", "Sicherheitscode", "Deutschland"),
    "fr": ("Numéro de carte", "Date d\u2019expiration", "Code de sécurité", "Allemagne"),
    "es": ("Número de tarjeta", "Fecha de caducidad", "Código de seguridad", "Alemania"),
    "ja": ("カード番号", "有効期限", "セキュリティコード", "ドイツ"),
    "pt-BR": ("Número do cartão", "Data de validade", "Código de segurança", "Alemanha"),
    "ar": ("رقم البطاقة", "تاريخ انتهاء الصلاحية", "رمز الأمان", "ألمانيا"),
}


@pytest.mark.parametrize("locale", LABELS)
def test_labels_follow_the_locale(wild: Wild, locale: str) -> None:
    """The card is typed by the labels of the language, and Arabic is written right to left."""
    # Suites with the string "número de tarjeta": getByLabel in the language of the shop.
    page = wild.open("payment", locale=locale)
    frame = page.frame_locator('iframe[title="Secure payment input frame"]')
    number, expiry, cvc, country = LABELS[locale]
    frame.get_by_label(number).fill("4242424242424242")
    frame.get_by_label(expiry).fill("12/34")
    frame.get_by_label(cvc).fill("123")
    frame.locator("#Field-countryInput").select_option(label=country)
    direction = frame.locator("html").evaluate("root => getComputedStyle(root).direction")
    assert direction == ("rtl" if locale == "ar" else "ltr")
    page.click("#submit")
    wild.must_succeed()


def test_an_unknown_locale_is_english(wild: Wild) -> None:
    """The labels of a language that the stand-in does not have are English."""
    page = wild.open("payment", locale="xx-YY")
    page.frame_locator("iframe").get_by_label("Card number").wait_for()


def test_an_address_and_an_email_are_collected(wild: Wild) -> None:
    """They are part of the payment method's billing details, and their values of the events."""
    # Suites with the string "Secure address input frame", and capybara_support of a Ruby project.
    page = wild.open("contact")
    address = page.frame_locator('iframe[title="Secure address input frame"]')
    address.locator("#Field-nameInput").fill("Jenny Rosen")
    address.locator("#Field-addressLine1Input").fill("510 Townsend St")
    address.get_by_label("City").fill("San Francisco")
    address.locator("[name=administrativeArea]").fill("CA")
    address.locator("#Field-postalCodeInput").fill("94103")
    email = page.frame_locator('iframe[title="Secure email input frame"]')
    email.get_by_role("textbox", name="Email").fill("jenny@example.com")
    frame = page.frame_locator('iframe[title="Secure payment input frame"]')
    frame.locator("#Field-numberInput").fill("4242424242424242")
    frame.locator("#Field-expiryInput").fill("1234")
    frame.locator("#Field-cvcInput").fill("123")
    frame.locator("#Field-postalCodeInput").fill("94103")
    page.click("#submit")
    wild.must_show("Jenny Rosen, 510 Townsend St, jenny@example.com, true")


def test_an_incomplete_address_is_an_error(wild: Wild) -> None:
    """It is reported before the card is sent."""
    page = wild.open("contact")
    page.frame_locator('iframe[title="Secure address input frame"]').locator(
        "input"
    ).first.wait_for()
    page.click("#submit")
    wild.must_show("Your email is incomplete.")


def test_an_express_checkout_element_is_a_note(wild: Wild) -> None:
    """A warning in the console says that the mock has no such form."""
    warnings: list[str] = []
    wild.page.on("console", lambda message: warnings.append(message.text))
    page = wild.open("expressCheckout")
    page.get_by_text("the mock has no expressCheckout element").wait_for()
    assert any('"expressCheckout" is not part of' in warning for warning in warnings)
