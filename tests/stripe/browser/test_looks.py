"""Accessibility, themes and hostile texts."""

from __future__ import annotations

import pytest

from .conftest import Shop, Visit

pytestmark = pytest.mark.slow

PAGES = [
    ("plain-payment", "payment"),
    ("plain-card", "card"),
    ("plain-split", "split"),
    ("react", "payment"),
]


@pytest.mark.parametrize(("scheme", "theme"), [("light", "stripe"), ("dark", "night")])
@pytest.mark.parametrize(("name", "kind"), PAGES)
def test_axe_finds_nothing(
    visit: Visit, axe: str, name: str, kind: str, scheme: str, theme: str
) -> None:
    """The form is empty, invalid, complete, or in a 3-D Secure challenge."""
    shop = visit(name, kind=kind, scheme=scheme, theme=theme)
    shop.field("number").wait_for()
    postal = "" if kind == "split" else "1"
    assert shop.judged(axe) == []
    shop.fill("4242424242424241", "12 / 20", "1", postal)
    shop.field("number").focus()
    assert shop.judged(axe) == []
    shop.fill("4000002760003184", "12 / 34", "123", postal and "12345")
    assert shop.judged(axe) == []
    if kind != "split":
        shop.save()
        shop.page.get_by_test_id("stripe-challenge").wait_for()
        assert shop.judged(axe) == []


def test_axe_finds_nothing_where_a_form_could_not_be_loaded(visit: Visit, axe: str) -> None:
    """The text in its place is accessible too."""
    shop = visit("plain-payment", kind="payment", secret="seti_x_secret_y")
    shop.field("load-error").wait_for()
    assert shop.judged(axe) == []


def test_axe_looks_into_the_frames(visit: Visit, axe: str) -> None:
    """It finds an unnamed field in a frame."""
    shop = visit("plain-card", kind="card")
    shop.field("number").evaluate("box => box.removeAttribute('aria-label')")
    shop.field("number").evaluate("box => box.getRootNode().querySelector('label').remove()")
    shop.field("number").evaluate("box => box.removeAttribute('placeholder')")
    assert "label" in [violation[0] for violation in shop.judged(axe)]


@pytest.mark.parametrize("name", ["plain-payment", "plain-card", "plain-split"])
def test_nothing_is_cut_off_on_a_narrow_screen(visit: Visit, name: str) -> None:
    """The width is 320 pixels, with the dialog."""
    shop = visit(name, kind=name.removeprefix("plain-"), width=320)
    shop.fill("4000002760003184", postal="" if "split" in name else "12345")
    wide = "document.documentElement.scrollWidth <= innerWidth"
    assert shop.page.evaluate(wide)
    if "split" not in name:
        shop.save()
        box = shop.page.get_by_test_id("stripe-challenge").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
        assert shop.page.evaluate(wide)


def colors(shop: Shop, property: str = "color") -> str:
    found: str = shop.field("number").evaluate(f"box => getComputedStyle(box).{property}")
    return found


def test_the_style_of_a_page_is_honoured(visit: Visit) -> None:
    """Styles, pseudo-classes, variables, rules and themes are applied."""
    shop = visit("plain-card", kind="card")
    shop.do("shop.card = shop.elements.getElement('card')")
    assert colors(shop) == "rgb(32, 32, 48)"
    shop.do(
        "shop.card.update({style: {base: {color: 'rgb(1, 2, 3)', fontSize: '20px'}, invalid: "
        "{color: 'rgb(4, 5, 6)'}}})"
    )
    assert (colors(shop), colors(shop, "fontSize")) == ("rgb(1, 2, 3)", "20px")
    shop.field("number").fill("4242424242424241")
    assert colors(shop) == "rgb(4, 5, 6)"

    paid = visit("plain-payment", kind="payment")
    assert colors(paid, "backgroundColor") == "rgb(255, 255, 255)"
    paid.do(
        "shop.elements.update({appearance: {theme: 'night', variables: {colorText: 'rgb(7, 8, "
        "9)'}}})"
    )
    assert (colors(paid, "backgroundColor"), colors(paid)) == ("rgb(48, 49, 61)", "rgb(7, 8, 9)")
    paid.do(
        "shop.elements.update({appearance: {rules: {'.Input': {backgroundColor: 'rgb(1, 1, 1)'}}}})"
    )
    assert colors(paid, "backgroundColor") == "rgb(1, 1, 1)"


HOSTILE = "x</style><script>alert(1)</script><img src=x onerror=alert(2)>} * { display: none } //"


def test_hostile_texts_stay_texts(visit: Visit) -> None:
    """No style, placeholder, name or field becomes HTML, a script or another rule."""
    shop = visit("plain-payment", kind="payment")
    shop.field("number").wait_for()
    shop.do(f"shop.hostile = {HOSTILE!r}")
    shop.do("shop.elements.getElement('payment').update({business: {name: shop.hostile}})")
    shop.do("""shop.elements.update({appearance: {
        theme: shop.hostile, variables: {colorText: shop.hostile, [shop.hostile]: "red"},
        rules: {
            [shop.hostile]: {color: "red"},
            ".Input": {color: shop.hostile, [shop.hostile]: "red"},
        },
    }})""")
    assert HOSTILE in shop.field("terms").text_content()
    for field in ("number", "expiry", "cvc", "postal"):
        shop.field(field).fill(HOSTILE)
    assert shop.field("number").is_visible()
    shop.fill(postal="12345")
    shop.save()
    shop.must_show("added visa 4242")
    shop.seen.must_be_quiet()

    card = visit("plain-split", kind="split")
    card.do(f"shop.hostile = {HOSTILE!r}")
    card.do("""shop.elements.getElement('cardNumber').update({
        placeholder: shop.hostile, classes: {base: shop.hostile},
        style: {
            base: {color: shop.hostile, [shop.hostile]: "red", ":hover": {color: shop.hostile}},
            [shop.hostile]: {color: "red"},
        },
    })""")
    assert card.field("number").get_attribute("placeholder") == HOSTILE
    card.fill()
    card.save()
    card.must_show("added visa 4242")
    card.seen.must_be_quiet()


def test_hostile_billing_details_are_returned_unchanged(visit: Visit) -> None:
    """They are text on the way to the mock and back."""
    shop = visit("plain-card", kind="card-without-postal")
    shop.fill()
    shop.do(f"shop.hostile = {HOSTILE!r}")
    made = shop.do("""shop.stripe.createPaymentMethod({
        type: "card", card: shop.elements.getElement("card"),
        billing_details: {name: shop.hostile, address: {city: shop.hostile}},
    })""")["paymentMethod"]
    assert (made["billing_details"]["name"], made["billing_details"]["address"]["city"]) == (
        HOSTILE,
        HOSTILE,
    )
    shop.seen.must_be_quiet()
